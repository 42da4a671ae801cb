import type { PushRequest } from './push-destination.js';

/** The numbers of times that a request and its pieces may still be split. */
interface Splits {
  /** Splits that isolate what the remote rejects. */
  left: number;
  /** Splits of requests that are too large for the remote. */
  leftIfLarge: number;
}

/** A request in the queue. */
export interface QueuedRequest {
  readonly request: PushRequest;
  /** End of its interval, in milliseconds since the Unix epoch. */
  readonly endedAt: number;
  readonly bytes: number;
  readonly points: number;
  /** Shared by all pieces of the request. */
  readonly splits: Splits;
  /** Number of requests that the remote had accepted when it rejected this one with `stop`. */
  rejectedAfter?: number;
}

/** The limits of a {@link RequestQueue}. */
export interface QueueLimits {
  readonly maxQueuedRequests: number;
  readonly maxQueuedBytes: number;
}

/** Number of times that one request is split to isolate what the remote rejects. */
const MAX_SPLITS = 32;
/** The same for a remote that wants smaller requests; one that accepts none at all must not get each point alone. */
const MAX_SPLITS_IF_LARGE = 128;

/**
 * A bounded queue of the requests that are not settled, oldest first; the oldest is evicted first. The request in
 * flight counts towards the limits but is never evicted, since the remote may be accepting it.
 */
export class RequestQueue {
  private waiting: QueuedRequest[] = [];
  private inFlight: QueuedRequest | undefined;
  /** Index that the request in flight had in the queue. */
  private index = 0;
  private bytes = 0;
  private points = 0;

  /** @param onEvicted receives the number of data points in the requests that were evicted */
  constructor(
    private readonly limits: QueueLimits,
    private readonly onEvicted: (points: number) => void,
  ) {}

  /** The number of data points, those in flight included. */
  get size(): number {
    return this.points;
  }

  /** True if no request is waiting or in flight. */
  get isEmpty(): boolean {
    return this.waiting.length === 0 && this.inFlight === undefined;
  }

  /** True if a request is waiting. */
  get hasNext(): boolean {
    return this.waiting.length > 0;
  }

  /** True if more than one request is waiting. */
  get hasSecond(): boolean {
    return this.waiting.length > 1;
  }

  /** The end of the oldest interval that is not settled, in milliseconds since the Unix epoch. */
  get oldest(): number | undefined {
    return (this.inFlight ?? this.waiting[0])?.endedAt;
  }

  /** Adds the requests of an interval. */
  add(requests: readonly PushRequest[], endedAt: number): void {
    for (const request of requests) {
      const splits = { left: MAX_SPLITS, leftIfLarge: MAX_SPLITS_IF_LARGE };
      this.insert(this.waiting.length, request, endedAt, splits);
    }
    this.evict();
  }

  /**
   * Takes a request out of the queue to be sent. It must be settled or put back before the next one is taken.
   *
   * @param index 0 for the oldest
   */
  take(index = 0): QueuedRequest | undefined {
    this.index = index;
    [this.inFlight] = this.waiting.splice(index, 1);
    return this.inFlight;
  }

  /** Removes the request in flight; its replacements are the next to be sent. */
  settle(replacements: readonly PushRequest[] = []): void {
    const { inFlight } = this;
    if (inFlight === undefined) return;
    this.inFlight = undefined;
    this.count(inFlight, -1);
    const { endedAt, splits } = inFlight;
    replacements.forEach((request, i) => this.insert(this.index + i, request, endedAt, splits));
    this.evict();
  }

  /** Puts the request in flight back where it was. */
  putBack(): void {
    if (this.inFlight === undefined) return;
    this.waiting.splice(this.index, 0, this.inFlight);
    this.inFlight = undefined;
    this.evict();
  }

  /** Removes the waiting requests. @returns the number of their data points */
  clear(): number {
    const before = this.points;
    for (const queued of this.waiting) this.count(queued, -1);
    this.waiting = [];
    return before - this.points;
  }

  private insert(
    index: number,
    request: PushRequest,
    endedAt: number,
    splits: QueuedRequest['splits'],
  ): void {
    // Read once, since a destination of the application may return other sizes each time.
    const queued = { request, endedAt, bytes: sizeOf(request.bytes), points: sizeOf(request.points), splits };
    this.waiting.splice(index, 0, queued);
    this.count(queued, 1);
  }

  private evict(): void {
    const { maxQueuedBytes, maxQueuedRequests } = this.limits;
    const excess = this.waiting.length + (this.inFlight ? 1 : 0) - maxQueuedRequests;
    let points = 0;
    let evicted = 0;
    for (const queued of this.waiting) {
      if (evicted >= excess && this.bytes <= maxQueuedBytes) break;
      this.count(queued, -1);
      points += queued.points;
      evicted++;
    }
    if (evicted > 0) this.waiting.splice(0, evicted);
    if (points > 0) this.onEvicted(points);
  }

  private count({ bytes, points }: QueuedRequest, sign: 1 | -1): void {
    this.bytes += sign * bytes;
    this.points += sign * points;
  }
}

/** Returns a size of a request; 0 for anything but a positive number. */
function sizeOf(value: number): number {
  return Number.isFinite(value) && value > 0 ? value : 0;
}
