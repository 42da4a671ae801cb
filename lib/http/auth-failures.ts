/** How many failures an address may have before it is told to wait. */
export interface AuthFailureLimit {
  /** Wrong credentials from one address within the window that are answered as such. @default 10 */
  readonly maxFailures: number;
  /** Milliseconds from the first failure to when they are forgotten. @default 60000 */
  readonly windowMs: number;
}

interface Failures {
  count: number;
  /** Milliseconds on the clock that was given. */
  readonly forgottenAt: number;
}

/** Addresses beyond it push out those that failed first. */
const MAX_ADDRESSES = 10_000;

/**
 * Counts wrong credentials by the address that they came from. It is asked only about what was found to be wrong:
 * who shows the right ones behind the same address is never kept out.
 */
export class AuthFailures {
  /** In the order in which the windows began, and so end. */
  private readonly byAddress = new Map<string, Failures>();

  /** @param now milliseconds that only ever grow */
  constructor(
    private readonly limit: AuthFailureLimit,
    private readonly now: () => number,
  ) {}

  /** How many addresses are remembered. */
  get size(): number {
    return this.byAddress.size;
  }

  /** @returns in how many seconds to try again; undefined while the address may go on failing */
  add(address: string): number | undefined {
    const now = this.now();
    this.forget(now);
    const failures = this.byAddress.get(address);
    if (failures === undefined) {
      if (this.byAddress.size >= MAX_ADDRESSES) this.forgetFirst();
      this.byAddress.set(address, { count: 1, forgottenAt: now + this.limit.windowMs });
      return undefined;
    }
    failures.count++;
    if (failures.count <= this.limit.maxFailures) return undefined;
    return Math.max(1, Math.ceil((failures.forgottenAt - now) / 1000));
  }

  private forget(now: number): void {
    for (const [address, { forgottenAt }] of this.byAddress) {
      if (forgottenAt > now) return;
      this.byAddress.delete(address);
    }
  }

  private forgetFirst(): void {
    const [first] = this.byAddress.keys();
    if (first !== undefined) this.byAddress.delete(first);
  }
}
