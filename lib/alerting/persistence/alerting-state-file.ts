import { readFileSync } from 'node:fs';
import { AtomicFile } from '../../primitives/atomic-file.js';
import { messageOf } from '../../primitives/error-message.js';
import { type AlertingState, parseState } from './alerting-state.js';

/** A store of the alerting state in a file. A write is atomic, and consecutive failures are logged once. */
export class AlertingStateFile {
  private readonly content: AtomicFile;
  /** The last operation on the file. */
  private tail: Promise<void> = Promise.resolve();
  private next: AlertingState | undefined;
  private hasFailed = false;
  private pending = 0;

  constructor(
    private readonly file: string,
    private readonly warn: (message: string) => void,
  ) {
    this.content = new AtomicFile(file, 0o600);
  }

  /** Removes the temporary files of processes that died during a write. */
  tidy(): void {
    this.tail = this.tail.then(() => this.content.cleanUp());
  }

  /** Returns the last saved state; undefined if there is none that can be read. */
  load(now: number): AlertingState | undefined {
    try {
      const { state, discarded } = parseState(JSON.parse(readFileSync(this.file, 'utf8')), now);
      if (discarded.length > 0) {
        this.warnOnce(`Saved alert state ${this.file} is damaged; ignoring ${discarded.join(', ')}.`);
      }
      return state;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') this.warnFailure('read', error);
      return undefined;
    }
  }

  /** Saves a state. A later one replaces it if its write has not begun. */
  save(state: AlertingState): void {
    const isWaiting = this.next !== undefined;
    this.next = state;
    if (isWaiting) return;
    this.pending++;
    this.tail = this.tail.then(() => this.write()).finally(() => this.pending--);
  }

  /** True while a state waits to be written, or is being written. */
  get isSaving(): boolean {
    return this.pending > 0;
  }

  /** Resolves when every state is saved. */
  settled(): Promise<void> {
    return this.tail;
  }

  private async write(): Promise<void> {
    const state = this.next;
    this.next = undefined;
    try {
      await this.content.write([JSON.stringify(state)]);
      this.hasFailed = false;
    } catch (error) {
      this.warnFailure('written', error);
    }
  }

  private warnFailure(operation: 'read' | 'written', error: unknown): void {
    this.warnOnce(
      `Saved alert state could not be ${operation}: ${messageOf(error)}. Alerting continues without it. Check the file ${this.file}.`,
    );
  }

  private warnOnce(message: string): void {
    if (this.hasFailed) return;
    this.hasFailed = true;
    this.warn(message);
  }
}
