import { readFileSync } from 'node:fs';
import { AtomicFile } from '../primitives/atomic-file.js';
import { messageOf } from '../primitives/message-of.js';
import { type AlertingMemory, readMemory } from './alerting-memory.js';

/** Keeps alerts in a file, which is always whole. */
export class AlertStore {
  private readonly content: AtomicFile;
  private tail: Promise<void> = Promise.resolve();
  private next: AlertingMemory | undefined;
  private hasFailed = false;
  private pending = 0;

  constructor(
    private readonly file: string,
    private readonly warn: (message: string) => void,
  ) {
    this.content = new AtomicFile(file, 0o600);
  }

  /** Removes what a process has left that died while it saved. */
  tidy(): void {
    this.tail = this.tail.then(() => this.content.tidy());
  }

  /** Returns the state that was saved last, up to now; undefined if there is nothing that can be read. */
  load(now: number): AlertingMemory | undefined {
    try {
      const { memory, discarded } = readMemory(JSON.parse(readFileSync(this.file, 'utf8')), now);
      if (discarded.length > 0) {
        this.complain(`Saved alert state ${this.file} is damaged; ignoring ${discarded.join(', ')}.`);
      }
      return memory;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') this.complain(this.failure('read', error));
      return undefined;
    }
  }

  /** Saves this, or what comes after it if that comes before there was time. */
  save(memory: AlertingMemory): void {
    const isWaiting = this.next !== undefined;
    this.next = memory;
    if (isWaiting) return;
    this.pending++;
    this.tail = this.tail.then(() => this.write()).finally(() => this.pending--);
  }

  /** True while a state waits to be written, or is being written. */
  get isSaving(): boolean {
    return this.pending > 0;
  }

  /** Resolves when all is saved. */
  settled(): Promise<void> {
    return this.tail;
  }

  private async write(): Promise<void> {
    const memory = this.next;
    this.next = undefined;
    try {
      await this.content.write([JSON.stringify(memory)]);
      this.hasFailed = false;
    } catch (error) {
      this.complain(this.failure('written', error));
    }
  }

  private failure(what: string, error: unknown): string {
    return `Saved alert state could not be ${what}: ${messageOf(error)}. Alerting continues without it.`;
  }

  private complain(message: string): void {
    if (this.hasFailed) return;
    this.hasFailed = true;
    this.warn(message);
  }
}
