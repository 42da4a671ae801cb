import type { EventEmitter } from 'node:events';
import type { CallSite, CallSites } from '../../instrumentation/requests/call-sites.js';
import { boundedLabelValue } from '../../primitives/bounded-label-values.js';
import type { ListenerGrowth } from './memory-report.js';

/** Upper limit for emitters that are kept. */
const MAX_EMITTERS = 20;

/** The warning of Node that an emitter has more listeners than its limit, once for each emitter and event. */
interface ListenerWarning extends Error {
  readonly emitter?: Pick<EventEmitter, 'listenerCount'> | EventTarget;
  readonly type?: string | symbol;
  readonly count?: number;
}

interface WarnedEmitter {
  readonly emitter: string;
  readonly event: string;
  readonly site: CallSite | undefined;
  /** Count of the warning. */
  readonly count: number;
  /** Returns the number of listeners now; 0 if the emitter has gone. */
  readonly read: () => number;
}

/** The emitters of events of which Node has warned that they have more listeners than their limit. */
export class ListenerWarnings {
  private readonly warned: WarnedEmitter[] = [];

  constructor(private readonly sites: CallSites) {}

  /** Keeps a warning of the process if it is about listeners. */
  readonly add = (warning: ListenerWarning): void => {
    if (warning.name !== 'MaxListenersExceededWarning') return;
    const { emitter, type, count = 0 } = warning;
    if (typeof emitter !== 'object' || type === undefined) return;
    // The listeners are counted later, and must not keep the emitter.
    const reference = new WeakRef(emitter);
    this.warned.unshift({
      emitter: boundedLabelValue(emitter.constructor.name),
      event: boundedLabelValue(String(type)),
      site: this.sites.ofError(warning),
      count,
      read: () => {
        try {
          const target = reference.deref();
          if (target === undefined) return 0;
          // An `EventTarget` does not say how many it has.
          return 'listenerCount' in target ? target.listenerCount(type) : count;
        } catch {
          // The application may have a method of its own.
          return count;
        }
      },
    });
    if (this.warned.length > MAX_EMITTERS) this.warned.pop();
  };

  /** Returns those that still have at least as many listeners as in the warning, the last one first. */
  growing(): ListenerGrowth[] {
    return this.warned.flatMap(({ emitter, event, site, count, read }) => {
      const current = read();
      return current < count ? [] : [{ emitter, event, count: current, ...(site && { site: site.text }) }];
    });
  }
}
