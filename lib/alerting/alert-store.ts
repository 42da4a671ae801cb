import { readFileSync } from 'node:fs';
import { rename, rm, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { threadId } from 'node:worker_threads';
import type { Told } from './notifications/alert-group.js';
import type { Silence } from './notifications/silences.js';
import type { ActiveAlert } from './rule-state.js';

/** What is kept of alerting over a restart. */
export interface AlertingMemory {
  readonly version: 1;
  /** Milliseconds since the Unix epoch. */
  readonly savedAt: number;
  /** By the name of the rule and its severity. */
  readonly alerts: Readonly<Record<string, readonly ActiveAlert[]>>;
  readonly silences: readonly Silence[];
  /** What each handler was told, by its name. */
  readonly told: Readonly<Record<string, Readonly<Record<string, Told>>>>;
}

/** Keeps alerts in a file, which is always whole: it is written beside and then put in place. */
export class AlertStore {
  private tail: Promise<void> = Promise.resolve();
  private next: AlertingMemory | undefined;
  private hasFailed = false;

  constructor(
    private readonly file: string,
    private readonly warn: (message: string) => void,
  ) {}

  /** What was saved last; undefined if there is nothing that can be read. */
  load(): AlertingMemory | undefined {
    let text: string;
    try {
      text = readFileSync(this.file, 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') this.complain('read', error);
      return undefined;
    }
    try {
      const memory = JSON.parse(text) as AlertingMemory;
      if (memory.version !== 1 || !Number.isFinite(memory.savedAt))
        throw new Error('it is of another version');
      return memory;
    } catch (error) {
      this.complain('read', error);
      return undefined;
    }
  }

  /** Saves this, or what comes after it if that comes before there was time. */
  save(memory: AlertingMemory): void {
    const isWaiting = this.next !== undefined;
    this.next = memory;
    if (!isWaiting) this.tail = this.tail.then(() => this.write());
  }

  /** Resolves when all is saved. */
  settled(): Promise<void> {
    return this.tail;
  }

  private async write(): Promise<void> {
    const memory = this.next;
    this.next = undefined;
    const beside = `${this.file}.${hostname()}.${process.pid}.${threadId}.tmp`;
    try {
      await writeFile(beside, JSON.stringify(memory), { mode: 0o600 });
      await rename(beside, this.file);
      this.hasFailed = false;
    } catch (error) {
      this.complain('written', error);
      await rm(beside, { force: true }).catch(() => undefined);
    }
  }

  private complain(what: string, error: unknown): void {
    if (this.hasFailed) return;
    this.hasFailed = true;
    this.warn(
      `The alerts of before cannot be ${what}: ${error instanceof Error ? error.message : String(error)}. Alerting goes on without them.`,
    );
  }
}
