/** The limit of failed authentications per address. */
export interface AuthFailureLimit {
  /**
   * Number of failures from one address within the window that are answered 401; further ones are answered 429.
   * @default 10
   */
  readonly maxFailures: number;
  /** Length of the window, which starts with the first failure, in milliseconds. @default 60000 */
  readonly windowMs: number;
}

interface Failures {
  count: number;
  /** End of the window, on the monotonic clock, in milliseconds. */
  readonly expiresAt: number;
}

/** Number of addresses that are remembered; beyond it the oldest is evicted. */
const MAX_ADDRESSES = 10_000;

/**
 * A counter of failed authentications by address. Valid credentials are never counted, so a client that shares an
 * address with an attacker is not locked out.
 */
export class AuthFailures {
  /** Failures in the order in which their windows start, and therefore end. */
  private readonly byAddress = new Map<string, Failures>();

  /** @param now returns the milliseconds of a monotonic clock */
  constructor(
    private readonly limit: AuthFailureLimit,
    private readonly now: () => number,
  ) {}

  /** The number of addresses that are remembered. */
  get size(): number {
    return this.byAddress.size;
  }

  /** Counts a failure. @returns the seconds until the window ends if the limit is exceeded, otherwise undefined */
  add(address: string): number | undefined {
    const now = this.now();
    this.removeExpired(now);
    const failures = this.byAddress.get(address);
    if (failures === undefined) {
      if (this.byAddress.size >= MAX_ADDRESSES) this.evictOldest();
      this.byAddress.set(address, { count: 1, expiresAt: now + this.limit.windowMs });
      return undefined;
    }
    failures.count++;
    if (failures.count <= this.limit.maxFailures) return undefined;
    return Math.max(1, Math.ceil((failures.expiresAt - now) / 1000));
  }

  private removeExpired(now: number): void {
    for (const [address, { expiresAt }] of this.byAddress) {
      if (expiresAt > now) return;
      this.byAddress.delete(address);
    }
  }

  private evictOldest(): void {
    const [oldest] = this.byAddress.keys();
    if (oldest !== undefined) this.byAddress.delete(oldest);
  }
}
