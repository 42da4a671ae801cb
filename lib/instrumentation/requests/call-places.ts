import type { WaitedCall } from '../../integrations/operation-waits.js';
import type { CallSite, CallSites } from './call-sites.js';
import type { CallPlace, CallTally, Operation } from './operation.js';

/** Time after which the place of a call is looked up again, in milliseconds: a stack trace costs more than a statement. */
const SITE_AGE_MS = 10_000;
/** Number of places that are remembered by handler and call. */
const MAX_REMEMBERED_SITES = 2_000;

/** A place in the application, and when it was looked up, in milliseconds on the monotonic clock. */
interface RememberedSite {
  site: CallSite | undefined;
  readonly at: number;
}

/** The places in the application that make calls, remembered by handler and call, so that few calls need a stack trace. */
export class CallPlaces {
  /** By handler, call, and position of the call among equal ones of its operation. */
  private remembered = new Map<string, Map<WaitedCall, RememberedSite[]>>();
  private count = 0;

  /** @param repeatedCalls number of equal calls within one operation from which on they are repeated */
  constructor(
    private readonly sites: CallSites,
    private readonly repeatedCalls: number,
  ) {}

  /**
   * Finds the place of a call. It is looked up for the first of equal calls, and again for the one at the threshold of an
   * N+1, which is made in the loop.
   *
   * @param made an error that was created at the place of the call. @default the current place
   */
  find(
    operation: Operation,
    call: WaitedCall,
    times: number,
    place: CallPlace,
    now: number,
    made?: unknown,
  ): void {
    if (times === this.repeatedCalls) {
      const site = this.siteOf(made);
      place.isMissing = site === undefined;
      place.site = site ?? place.site;
    }
    if (times === 1) this.recall(operation, call, 1, place, now, made);
  }

  /** Returns the place of one of equal calls, which may turn out to be different ones at their ends. */
  ofEach(operation: Operation, call: WaitedCall, times: number, now: number): CallPlace {
    const place: CallPlace = { site: undefined, isMissing: false };
    this.recall(operation, call, Math.min(times, this.repeatedCalls), place, now);
    return place;
  }

  /** Looks again for a place that was missing when a call began, now that it has ended. */
  findMissing({ handler = '' }: Operation, tally: CallTally): void {
    tally.isMissing = false;
    const site = this.sites.current();
    if (site === undefined) return;
    tally.site = site;
    const remembered = this.remembered.get(handler)?.get(tally.call)?.[0];
    if (remembered !== undefined) remembered.site ??= site;
  }

  /** Looks again for a place that was missing when a call was asked for, now that it has been answered. */
  findAsked(operation: Operation, call: WaitedCall, asked: CallPlace): void {
    const tally = asked.isMissing && operation.isOpen ? operation.calls.get(call) : undefined;
    asked.isMissing = false;
    if (tally === undefined) return;
    this.findMissing(operation, tally);
    asked.site = tally.site;
  }

  /** Sets a place to the remembered one, or looks for it. */
  private recall(
    { handler = '' }: Operation,
    call: WaitedCall,
    times: number,
    place: CallPlace,
    now: number,
    made?: unknown,
  ): void {
    const found = this.remembered.get(handler)?.get(call)?.[times - 1];
    if (found !== undefined && now - found.at <= SITE_AGE_MS) {
      place.site = found.site;
      return;
    }
    place.site = this.siteOf(made);
    place.isMissing = place.site === undefined;
    if (found === undefined && ++this.count > MAX_REMEMBERED_SITES) this.forget();
    else this.remember(handler, call, times, { site: place.site, at: now });
  }

  private siteOf(made: unknown): CallSite | undefined {
    return made === undefined ? this.sites.current() : this.sites.ofError(made);
  }

  private remember(handler: string, call: WaitedCall, times: number, site: RememberedSite): void {
    let calls = this.remembered.get(handler);
    if (calls === undefined) this.remembered.set(handler, (calls = new Map()));
    let sites = calls.get(call);
    if (sites === undefined) calls.set(call, (sites = []));
    sites[times - 1] = site;
  }

  private forget(): void {
    this.remembered = new Map();
    this.count = 0;
  }
}
