import type { PushRequest } from './push-destination.js';

/** A request that waits to be sent, and the end of the interval that it tells of, in milliseconds since the epoch. */
export interface QueuedRequest {
  readonly request: PushRequest;
  readonly endedAt: number;
}

/** How much may wait. */
export interface QueueLimits {
  readonly maxQueueRequests: number;
  readonly maxQueueBytes: number;
}

/**
 * What has not been acknowledged yet, oldest first, within limits: beyond them the oldest is dropped. The request
 * that is under way counts too, but is never dropped, since the remote may be taking it.
 */
export class RequestQueue {
  private waiting: QueuedRequest[] = [];
  private underWay: QueuedRequest | undefined;
  private bytes = 0;
  private points = 0;

  /** @param dropped is told how many data points were dropped for want of room */
  constructor(
    private readonly limits: QueueLimits,
    private readonly dropped: (points: number) => void,
  ) {}

  /** How many data points wait, those under way included. */
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

  /** The end of the oldest interval that is not acknowledged. */
  get oldest(): number | undefined {
    return (this.underWay ?? this.waiting[0])?.endedAt;
  }

  add(requests: readonly PushRequest[], endedAt: number): void {
    for (const request of requests) {
      this.waiting.push({ request, endedAt });
      this.count(request, 1);
    }
    this.keepLimits();
  }

  /** Takes the oldest request out to be sent; it must be settled or put back before the next one is taken. */
  take(): QueuedRequest | undefined {
    this.underWay = this.waiting.shift();
    return this.underWay;
  }

  /** The request under way is done with; what replaces it is the next to be sent. */
  settle(replacements: readonly PushRequest[] = []): void {
    const { underWay } = this;
    if (underWay === undefined) return;
    this.underWay = undefined;
    this.count(underWay.request, -1);
    for (const request of replacements) this.count(request, 1);
    const { endedAt } = underWay;
    this.waiting.unshift(...replacements.map((request) => ({ request, endedAt })));
    this.keepLimits();
  }

  /** The request under way was not taken: it is the next to be sent again. */
  putBack(): void {
    if (this.underWay === undefined) return;
    this.waiting.unshift(this.underWay);
    this.underWay = undefined;
    this.keepLimits();
  }

  /** Forgets what waits. @returns how many data points that were */
  clear(): number {
    const before = this.points;
    for (const { request } of this.waiting) this.count(request, -1);
    this.waiting = [];
    return before - this.points;
  }

  private keepLimits(): void {
    const { maxQueueBytes, maxQueueRequests } = this.limits;
    let points = 0;
    let tooMany = this.waiting.length + (this.underWay ? 1 : 0) - maxQueueRequests;
    while (this.waiting.length > 0 && (tooMany > 0 || this.bytes > maxQueueBytes)) {
      const { request } = this.waiting.shift()!;
      this.count(request, -1);
      points += request.points;
      tooMany--;
    }
    if (points > 0) this.dropped(points);
  }

  private count({ bytes, points }: PushRequest, sign: 1 | -1): void {
    this.bytes += sign * bytes;
    this.points += sign * points;
  }
}
