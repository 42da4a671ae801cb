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
  private remembered = new Map<string, Map<WaitedCall, RememberedSite>>();
  private count = 0;

  /** @param repeatedCalls number of equal calls within one operation from which on they are repeated */
  constructor(
    private readonly sites: CallSites,
    private readonly repeatedCalls: number,
  ) {}

  /**
   * Finds the place of a call. It is looked for at the first of equal calls, and at the one from which on they count as
   * repeated, which is made where the loop is.
   */
  find({ handler = '' }: Operation, call: WaitedCall, times: number, place: CallPlace, now: number): void {
    if (times === this.repeatedCalls) {
      const site = this.sites.current();
      place.isMissing = site === undefined;
      place.site = site ?? place.site;
    }
    if (times > 1) return;
    let sites = this.remembered.get(handler);
    if (sites === undefined) this.remembered.set(handler, (sites = new Map()));
    let found = sites.get(call);
    if (found === undefined || now - found.at > SITE_AGE_MS) {
      found = { site: this.sites.current(), at: now };
      place.isMissing = found.site === undefined;
      if (!sites.has(call) && ++this.count > MAX_REMEMBERED_SITES) this.forget();
      else sites.set(call, found);
    }
    place.site = found.site;
  }

  /** Looks again for a place that was missing when a call began, now that it has ended. */
  findMissing({ handler = '' }: Operation, tally: CallTally): void {
    tally.isMissing = false;
    const site = this.sites.current();
    if (site === undefined) return;
    tally.site = site;
    const remembered = this.remembered.get(handler)?.get(tally.call);
    if (remembered !== undefined) remembered.site ??= site;
  }

  private forget(): void {
    this.remembered = new Map();
    this.count = 0;
  }
}
