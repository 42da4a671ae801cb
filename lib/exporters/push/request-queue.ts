import type { PushRequest } from './push-destination.js';

/** A request that waits to be sent. */
export interface QueuedRequest {
  readonly request: PushRequest;
  /** The end of its interval, in milliseconds since the epoch. */
  readonly endedAt: number;
  readonly bytes: number;
  readonly points: number;
  /** The number of cuts that are left to find what is refused of it, shared by all its pieces. */
  readonly cuts: { left: number };
  /** The number of requests that the remote had taken when it refused this one for want of permission. */
  refusedAfter?: number;
}

/** The limits of a {@link RequestQueue}. */
export interface QueueLimits {
  readonly maxQueueRequests: number;
  readonly maxQueueBytes: number;
}

/** The number of times that one request is cut to find what is refused of it. */
const MOST_CUTS = 32;

/**
 * The requests that have not been acknowledged yet, oldest first, within limits: beyond them the oldest is dropped.
 * The request that is under way counts too, but is never dropped, since the remote may be taking it.
 */
export class RequestQueue {
  private waiting: QueuedRequest[] = [];
  private underWay: QueuedRequest | undefined;
  /** The place that the request under way had. */
  private place = 0;
  private bytes = 0;
  private points = 0;

  /** @param dropped is told how many data points were dropped for want of room */
  constructor(
    private readonly limits: QueueLimits,
    private readonly dropped: (points: number) => void,
  ) {}

  /** The number of data points that wait, those under way included. */
  get size(): number {
    return this.points;
  }

  get isEmpty(): boolean {
    return this.waiting.length === 0 && this.underWay === undefined;
  }

  /** Whether there is more than the request under way. */
  get hasNext(): boolean {
    return this.waiting.length > 0;
  }

  /** Whether more than one request waits. */
  get hasSecond(): boolean {
    return this.waiting.length > 1;
  }

  /** The end of the oldest interval that is not acknowledged. */
  get oldest(): number | undefined {
    return (this.underWay ?? this.waiting[0])?.endedAt;
  }

  add(requests: readonly PushRequest[], endedAt: number): void {
    for (const request of requests) this.insert(this.waiting.length, request, endedAt, { left: MOST_CUTS });
    this.keepLimits();
  }

  /**
   * Takes a request out to be sent; it must be settled or put back before the next one is taken.
   *
   * @param place 0 for the oldest
   */
  take(place = 0): QueuedRequest | undefined {
    this.place = place;
    [this.underWay] = this.waiting.splice(place, 1);
    return this.underWay;
  }

  /** Forgets the request under way; what replaces it is the next to be sent. */
  settle(replacements: readonly PushRequest[] = []): void {
    const { underWay } = this;
    if (underWay === undefined) return;
    this.underWay = undefined;
    this.count(underWay, -1);
    const { endedAt, cuts } = underWay;
    replacements.forEach((request, i) => this.insert(this.place + i, request, endedAt, cuts));
    this.keepLimits();
  }

  /** Puts the request under way back in its place: it was not taken. */
  putBack(): void {
    if (this.underWay === undefined) return;
    this.waiting.splice(this.place, 0, this.underWay);
    this.underWay = undefined;
    this.keepLimits();
  }

  /** Forgets what waits. @returns the number of data points that it had */
  clear(): number {
    const before = this.points;
    for (const queued of this.waiting) this.count(queued, -1);
    this.waiting = [];
    return before - this.points;
  }

  private insert(place: number, request: PushRequest, endedAt: number, cuts: QueuedRequest['cuts']): void {
    // They are read once: a destination of the application may say anything, and something else each time.
    const queued = { request, endedAt, bytes: amount(request.bytes), points: amount(request.points), cuts };
    this.waiting.splice(place, 0, queued);
    this.count(queued, 1);
  }

  private keepLimits(): void {
    const { maxQueueBytes, maxQueueRequests } = this.limits;
    const tooMany = this.waiting.length + (this.underWay ? 1 : 0) - maxQueueRequests;
    let points = 0;
    let evicted = 0;
    while (evicted < this.waiting.length && (evicted < tooMany || this.bytes > maxQueueBytes)) {
      const queued = this.waiting[evicted++];
      this.count(queued, -1);
      points += queued.points;
    }
    if (evicted > 0) this.waiting.splice(0, evicted);
    if (points > 0) this.dropped(points);
  }

  private count({ bytes, points }: QueuedRequest, sign: 1 | -1): void {
    this.bytes += sign * bytes;
    this.points += sign * points;
  }
}

function amount(value: number): number {
  return Number.isFinite(value) && value > 0 ? value : 0;
}
