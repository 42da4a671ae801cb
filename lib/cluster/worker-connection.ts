import type { MetricFamily } from '../metrics/snapshot.js';
import { resultWithin } from '../primitives/deadline.js';
import type { Worker } from './worker-contribution.js';
import type { ExponentialHistogramFilter } from './exponential-histogram-filter.js';
import type { CollectRequest, LeaderMessage } from './messages.js';
import type { MessageStream } from './message-stream.js';
import { SnapshotDecoder, SnapshotEncoder } from './snapshot-codec.js';
import { isProcessRunning, type WorkerIdentity } from './worker-identity.js';

/** Longest absence of a worker whose process still runs, before the worker counts as departed. */
const MAX_ABSENCE_MS = 60 * 60 * 1000;
/** The same for a thread, which can end while its process runs. */
const MAX_THREAD_ABSENCE_MS = 10_000;

interface PendingRequest {
  readonly id: number;
  /** Ends the wait for the response; undefined before it begins. */
  answered: (() => void) | undefined;
}

/** The leader's connection to one other worker, and the last metrics of that worker. */
export class WorkerConnection {
  /** The metrics in the last report of the worker. */
  families: readonly MetricFamily[] = [];
  readonly worker: Worker;

  /** True once the worker is about to leave, so that it does not take over. */
  isEnding = false;

  private stream: MessageStream | undefined;
  private decoder = new SnapshotDecoder();
  private encoder = new SnapshotEncoder();
  /** Monotonic time since which there is no stream to the worker. */
  private absentSince: number | undefined;
  /** Monotonic time since which the worker has not responded. */
  private silentSince: number | undefined;
  /** Ends the wait for a reconnect, which happens at most once per lost connection. */
  private reconnected: (() => void) | undefined;
  private hasWaited = false;
  private request: PendingRequest | undefined;
  private requests = 0;

  constructor(
    readonly identity: WorkerIdentity,
    index: number,
  ) {
    this.worker = { index, pid: identity.pid };
  }

  get isConnected(): boolean {
    return this.stream !== undefined;
  }

  /** Time since which the worker has not responded, in milliseconds. */
  get silentMs(): number {
    return this.silentSince === undefined ? 0 : performance.now() - this.silentSince;
  }

  /** Uses a stream to the worker in place of the last one. */
  attach(stream: MessageStream): void {
    this.stream?.close();
    this.stream = stream;
    this.decoder = new SnapshotDecoder();
    this.encoder = new SnapshotEncoder();
    this.request = undefined;
    this.absentSince = undefined;
    this.isEnding = false;
    this.hasWaited = false;
    this.reconnected?.();
  }

  /** Returns true if the stream is in use, and not replaced by another one. */
  isAttachedTo(stream: MessageStream): boolean {
    return this.stream === stream;
  }

  /** Closes the stream; the worker is absent until it reconnects. */
  detach(): void {
    this.stream?.close();
    this.stream = undefined;
    const now = performance.now();
    this.absentSince ??= now;
    this.silentSince ??= now;
    this.request?.answered?.();
    this.request = undefined;
  }

  /** Returns true if the worker is about to leave, or may be about to reconnect after it has lost its leader. */
  isSettling(timeoutMs: number): boolean {
    if (this.absentSince === undefined) return this.isEnding;
    return performance.now() - this.absentSince <= timeoutMs && isProcessRunning(this.identity.pid);
  }

  /** Returns true if the worker will not reconnect. */
  hasDeparted(): boolean {
    if (this.absentSince === undefined) return false;
    const longestMs = this.identity.threadId === 0 ? MAX_ABSENCE_MS : MAX_THREAD_ABSENCE_MS;
    return !isProcessRunning(this.identity.pid) || performance.now() - this.absentSince > longestMs;
  }

  /**
   * Requests the metrics of the worker and returns true if it responded in time. A worker with a
   * pending response is neither asked again nor waited for, because it may hang. A worker that has lost its leader is given time to reconnect.
   */
  async collect({ exponential, timeoutMs }: CollectRequest): Promise<boolean> {
    const startedAt = performance.now();
    if (this.stream === undefined) await this.waitForReconnect(timeoutMs);
    const remainingMs = timeoutMs - (performance.now() - startedAt);
    const canAsk = remainingMs > 0 && this.stream !== undefined && this.request === undefined;
    const hasAnswered = canAsk && (await this.requestMetrics(exponential, remainingMs));
    if (hasAnswered) this.silentSince = undefined;
    else this.silentSince ??= performance.now();
    return hasAnswered;
  }

  /**
   * Stores a report of the worker.
   *
   * @param id id of the request that it responds to, if any
   * @throws {TypeError} for a malformed report
   */
  receive(families: unknown, id?: number): void {
    this.families = this.decoder.decode(families);
    if (id === undefined || id !== this.request?.id) return;
    const { answered } = this.request;
    this.request = undefined;
    answered?.();
  }

  /** Responds to a request for the merged metrics. */
  sendMerged(id: number, families: readonly MetricFamily[], hasExponential: (name: string) => boolean): void {
    this.send({ kind: 'merged', id, families: this.encoder.encode(families, hasExponential) });
  }

  send(message: LeaderMessage): void {
    this.stream?.send(message);
  }

  private async waitForReconnect(timeoutMs: number): Promise<void> {
    if (this.hasWaited || !isProcessRunning(this.identity.pid)) return;
    this.hasWaited = true;
    await resultWithin(new Promise<void>((reconnected) => (this.reconnected = reconnected)), timeoutMs);
    this.reconnected = undefined;
  }

  private async requestMetrics(exponential: ExponentialHistogramFilter, timeoutMs: number): Promise<boolean> {
    const id = ++this.requests;
    const request: PendingRequest = { id, answered: undefined };
    this.request = request;
    const answer = new Promise<void>((answered) => (request.answered = answered));
    this.send({ kind: 'collect', id, exponential, timeoutMs });
    await resultWithin(answer, timeoutMs);
    return this.stream !== undefined && this.request !== request;
  }
}
