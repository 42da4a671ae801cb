import type { MetricFamily } from '../metrics/snapshot.js';
import type { Worker } from './contribution.js';
import type { ExponentialWish, LeaderMessage } from './messages.js';
import type { MessageStream } from './message.stream.js';
import { SnapshotDecoder, SnapshotEncoder } from './snapshot-codec.js';
import { isRunning, type WorkerName } from './surroundings.js';

/** A worker that cannot be reached is missed for so long before it is taken to be gone, if its process runs. */
const LONGEST_ABSENCE_MS = 60 * 60 * 1000;
/** And so long if what ended may have been a thread of a process that runs. */
const LONGEST_THREAD_ABSENCE_MS = 10_000;

/** What the worker that leads knows of one other worker. */
export class WorkerSeat {
  /** What it told last. */
  families: readonly MetricFamily[] = [];
  readonly worker: Worker;

  private stream: MessageStream | undefined;
  private decoder = new SnapshotDecoder();
  private encoder = new SnapshotEncoder();
  private absentSince: number | undefined;
  /** By the monotonic clock: since when it has not answered. */
  private silentSince: number | undefined;
  /** Set while somebody waits for it to come back, which is done once each time that it is lost. */
  private returned: (() => void) | undefined;
  private wasWaitedFor = false;
  private question: { readonly id: number; answered: (() => void) | undefined } | undefined;
  private questions = 0;

  constructor(
    readonly name: WorkerName,
    index: number,
  ) {
    this.worker = { index, pid: name.pid };
  }

  get isConnected(): boolean {
    return this.stream !== undefined;
  }

  take(stream: MessageStream): void {
    this.stream?.close();
    this.stream = stream;
    this.decoder = new SnapshotDecoder();
    this.encoder = new SnapshotEncoder();
    this.question = undefined;
    this.absentSince = undefined;
    this.wasWaitedFor = false;
    this.returned?.();
  }

  /** Whether it speaks over this stream, and not over another one by now. */
  speaksOver(stream: MessageStream): boolean {
    return this.stream === stream;
  }

  lose(now: number): void {
    this.stream?.close();
    this.stream = undefined;
    this.absentSince ??= now;
    this.silentSince ??= performance.now();
    this.question?.answered?.();
    this.question = undefined;
  }

  /** For how long it has not answered, in milliseconds. */
  get silentMs(): number {
    return this.silentSince === undefined ? 0 : performance.now() - this.silentSince;
  }

  /** Whether it will not come back. */
  isGone(now: number): boolean {
    if (this.absentSince === undefined) return false;
    const longest = this.name.threadId === 0 ? LONGEST_ABSENCE_MS : LONGEST_THREAD_ABSENCE_MS;
    return !isRunning(this.name.pid) || now - this.absentSince > longest;
  }

  /**
   * Asks for its metrics. One that still owes an answer is not asked again, nor waited for: it may be stopped. One
   * that has lost its leader will come in a moment, and is waited for.
   *
   * @returns whether it has answered in time
   */
  async ask(exponential: ExponentialWish, timeoutMs: number): Promise<boolean> {
    const askedAt = performance.now();
    if (this.stream === undefined) await this.untilBack(timeoutMs);
    const left = timeoutMs - (performance.now() - askedAt);
    const isThere = left > 0 && this.stream !== undefined && this.question === undefined;
    const answers = isThere && (await this.answersIn(exponential, left));
    if (answers) this.silentSince = undefined;
    else this.silentSince ??= performance.now();
    return answers;
  }

  /** @throws {TypeError} if it makes no sense */
  told(families: unknown, id?: number): void {
    this.families = this.decoder.decode(families);
    if (id === undefined || id !== this.question?.id) return;
    const { answered } = this.question;
    this.question = undefined;
    answered?.();
  }

  answer(id: number, families: readonly MetricFamily[], withExponential: (name: string) => boolean): void {
    this.say({ kind: 'answer', id, families: this.encoder.encode(families, withExponential) });
  }

  say(message: LeaderMessage): void {
    this.stream?.send(message);
  }

  /** Resolves when it is there again, or the time is over. */
  private async untilBack(timeoutMs: number): Promise<void> {
    if (this.wasWaitedFor || !isRunning(this.name.pid)) return;
    this.wasWaitedFor = true;
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      this.returned = resolve;
      timer = setTimeout(resolve, timeoutMs);
    });
    clearTimeout(timer);
    this.returned = undefined;
  }

  private async answersIn(exponential: ExponentialWish, timeoutMs: number): Promise<boolean> {
    const id = ++this.questions;
    const question = { id, answered: undefined as (() => void) | undefined };
    this.question = question;
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      question.answered = resolve;
      timer = setTimeout(resolve, timeoutMs);
      this.say({ kind: 'tell', id, exponential, timeoutMs });
    });
    clearTimeout(timer);
    return this.stream !== undefined && this.question !== question;
  }
}
