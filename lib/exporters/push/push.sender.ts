import type { Clock } from '../../metrics/clock.js';
import { pause, resultWithin, unlessAborted } from '../../primitives/deadline.js';
import type { ResolvedPush } from './push.options.js';
import type { PushReport } from './push.report.js';
import { PushAttempt } from './push-attempt.js';
import { type PushDestination, type PushError, type PushRequest, toPushError } from './push-destination.js';
import { RemoteState } from './remote-state.js';
import { type QueuedRequest, RequestQueue } from './request-queue.js';

/** Time limit of `PushDestination.close()`, in milliseconds. */
const CLOSE_TIMEOUT_MS = 1_000;

/** The dependencies of a {@link PushSender}. */
export interface PushSenderContext {
  readonly report: PushReport;
  readonly clock: Clock;
  /** Returns a number from 0 up to 1. */
  readonly random: () => number;
}

/**
 * A queue of encoded requests and the sending of them, oldest first. A request stays in the queue until the remote has
 * accepted it, rejected it for good, or the queue is full.
 */
export class PushSender {
  private readonly report: PushReport;
  private readonly clock: Clock;
  private readonly queue: RequestQueue;
  private readonly remote: RemoteState;
  /** Aborted when the shutdown timeout is over. */
  private readonly deadline = new AbortController();

  private opening: Promise<void> | undefined;
  private draining: Promise<void> | undefined;
  private isShuttingDown = false;
  /** Attempt in flight. */
  private attempt: PushAttempt | undefined;
  private acceptedRequests = 0;

  constructor(
    private readonly destination: PushDestination,
    private readonly options: ResolvedPush,
    { report, clock, random }: PushSenderContext,
  ) {
    this.report = report;
    this.clock = clock;
    this.remote = new RemoteState(report, random);
    this.queue = new RequestQueue(options, (points) => report.dropped(points, 'full'));
  }

  /** The reason for which the remote rejects everything; undefined while it accepts requests. */
  get stopReason(): string | undefined {
    return this.remote.stopReason;
  }

  /** True if every request has been settled. */
  get isEmpty(): boolean {
    return this.queue.isEmpty;
  }

  /** True once the shutdown timeout is over. */
  get isPastDeadline(): boolean {
    return this.deadline.signal.aborted;
  }

  /** Prepares the destination, once; again if that failed. */
  open(): Promise<void> {
    this.opening ??= this.openDestination().catch((error: unknown) => {
      this.opening = undefined;
      throw error;
    });
    return this.opening;
  }

  /** Queues the requests of an interval. */
  enqueue(requests: readonly PushRequest[], endedAt: number): void {
    if (this.destination.supersedes) this.queue.clear();
    this.queue.add(requests, endedAt);
    this.reportQueue();
  }

  /** Sends the whole queue; rejects with the failure that ended it, or else with the last rejection. */
  drain(): Promise<void> {
    this.draining ??= this.sendAll().finally(() => {
      this.draining = undefined;
      this.reportQueue();
    });
    return this.draining;
  }

  /**
   * Opens the destination and sends the whole queue. Never rejects.
   *
   * @returns the milliseconds until the next attempt; undefined once the queue is empty
   */
  async trySend(): Promise<number | undefined> {
    try {
      await unlessAborted(this.open(), this.deadline.signal);
      await this.drain();
      return undefined;
    } catch (error) {
      if (this.queue.isEmpty) return undefined;
      const failure = toPushError(error);
      // A failed open() has not been handled yet, unlike a failed request.
      if (failure.remedy === 'stop') this.remote.stopped(failure);
      const retryInMs = this.remote.pauseAfter(failure);
      if (failure.remedy === 'retry' && !this.isPastDeadline) this.report.retrying(failure, retryInMs);
      return retryInMs;
    }
  }

  /**
   * Waits for the last capture and sends the queue until it is empty or the shutdown timeout is over; drops what is
   * left. Never rejects.
   */
  async flush(captureLast: () => Promise<void>): Promise<void> {
    const { shutdownTimeoutMs } = this.options;
    this.isShuttingDown = true;
    // The pauses may have become long; now there is little time left.
    this.remote.resetPauses();
    // For the request in flight; `send()` limits later ones.
    const { attempt } = this;
    const requestTimer = setTimeout(() => attempt?.cutShort(), this.lastRequestTimeoutMs);
    const deadlineTimer = setTimeout(
      () => this.deadline.abort(new Error(`the shutdown timeout of ${shutdownTimeoutMs} ms is over`)),
      shutdownTimeoutMs,
    );
    try {
      await unlessAborted(captureLast(), this.deadline.signal);
      while (!this.queue.isEmpty && !this.isPastDeadline) {
        const retryInMs = await this.trySend();
        if (retryInMs === undefined) continue;
        if (retryInMs >= shutdownTimeoutMs) break;
        await pause(retryInMs, this.deadline);
      }
    } catch {
      // The deadline has passed.
    } finally {
      clearTimeout(deadlineTimer);
      clearTimeout(requestTimer);
    }
    const lost = this.queue.clear();
    if (lost === 0) return;
    this.report.lostAtShutdown(lost);
    this.reportQueue();
  }

  /** Closes the destination, within a time limit. Never rejects. */
  async close(): Promise<void> {
    await resultWithin(this.closeDestination(), CLOSE_TIMEOUT_MS).catch(() => undefined);
  }

  // Async, so that a method that throws at once rejects.
  private async openDestination(): Promise<void> {
    await this.destination.open?.();
  }

  private async closeDestination(): Promise<void> {
    await this.destination.close?.();
  }

  /** Time limit of a request during shutdown, in milliseconds; it leaves room for another attempt. */
  private get lastRequestTimeoutMs(): number {
    const { timeoutMs, shutdownTimeoutMs } = this.options;
    return Math.min(timeoutMs, shutdownTimeoutMs / 3);
  }

  private async sendAll(): Promise<void> {
    let rejection: PushError | undefined;
    let index = 0;
    for (let next = this.queue.take(); next !== undefined; next = this.queue.take(index)) {
      if (this.isTooOld(next)) {
        this.queue.settle();
        this.report.dropped(next.points, 'old');
        continue;
      }
      try {
        this.settle(next, await this.send(next.request));
        index = 0;
      } catch (error) {
        this.report.failed();
        const failure = toPushError(error);
        if (failure.remedy === 'retry') {
          this.putBack();
          throw failure;
        }
        if (failure.remedy === 'stop' && !this.isRejectedAlone(next)) {
          const wasRejectedBefore = next.rejectedAfter !== undefined;
          next.rejectedAfter = this.acceptedRequests;
          this.putBack();
          // The remote may reject the content of this request only, which the next request shows.
          if (wasRejectedBefore && index === 0 && this.queue.hasSecond) {
            index = 1;
            continue;
          }
          this.remote.stopped(failure);
          throw failure;
        }
        index = 0;
        if (this.split(next)) continue;
        this.queue.settle();
        this.report.rejected(next.points, failure);
        rejection ??= failure;
      }
    }
    if (rejection !== undefined) throw rejection;
  }

  /** Returns true if the remote has accepted other requests since it rejected this one. */
  private isRejectedAlone({ rejectedAfter }: QueuedRequest): boolean {
    return rejectedAfter !== undefined && rejectedAfter < this.acceptedRequests;
  }

  /** Replaces a rejected request by its pieces, so that only the rejected data points are lost. */
  private split({ request, splits }: QueuedRequest): boolean {
    if (splits.left === 0) return false;
    const pieces = this.destination.split?.(request) ?? [];
    if (pieces.length < 2) return false;
    splits.left--;
    this.queue.settle(pieces);
    return true;
  }

  private async send(request: PushRequest): Promise<unknown> {
    const isLast = this.isShuttingDown;
    this.attempt = new PushAttempt(isLast ? this.lastRequestTimeoutMs : this.options.timeoutMs);
    try {
      return await this.attempt.run(
        (signal) => this.destination.send(request, signal),
        this.deadline.signal,
        isLast,
      );
    } finally {
      this.attempt = undefined;
    }
  }

  /** @param result the smaller requests to send instead; anything else is an acknowledgement */
  private settle({ points, splits }: QueuedRequest, result: unknown): void {
    if (!Array.isArray(result)) {
      this.queue.settle();
      this.report.sent();
      this.acceptedRequests++;
      this.remote.accepted();
      return;
    }
    const pieces = result as readonly PushRequest[];
    const isUseless = splits.leftIfLarge === 0 || pieces.some((piece) => piece.points >= points);
    const replacements = isUseless ? [] : pieces;
    splits.leftIfLarge -= Math.min(replacements.length, 1);
    this.queue.settle(replacements);
    const lost = points - replacements.reduce((sum, piece) => sum + piece.points, 0);
    if (lost > 0) this.report.dropped(lost, 'large');
  }

  /** Puts the request in flight back into the queue, unless a later one supersedes it. */
  private putBack(): void {
    if (this.destination.supersedes && this.queue.hasNext) this.queue.settle();
    else this.queue.putBack();
  }

  private isTooOld({ endedAt }: QueuedRequest): boolean {
    return this.clock.now() - endedAt > (this.destination.maxAgeMs ?? Infinity);
  }

  private reportQueue(): void {
    const { size, oldest } = this.queue;
    this.report.queued(size, oldest === undefined ? 0 : Math.max(0, this.clock.now() - oldest));
  }
}
