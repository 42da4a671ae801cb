import { EventStream, eventText } from '../http/event-stream.js';
import type { MetricsHistory } from '../query/metrics-history.js';
import type { Overview, OverviewReader } from './overview.js';
import { unref } from '../primitives/unref.js';

/** The interval of heartbeats: proxies close idle connections. */
const HEARTBEAT_MS = 15_000;
/** The time for which an overview is reused, in milliseconds. */
const MAX_AGE_MS = 1_000;

/** The event stream of the dashboard: one overview for all readers, after each sample. */
export class DashboardFeed {
  readonly events: EventStream;
  private latest: Overview | undefined;
  private reading: { readonly isWatched: boolean; readonly overview: Promise<Overview> } | undefined;
  private requested: { readonly at: number; readonly overview: Promise<Overview> } | undefined;
  private heartbeat: NodeJS.Timeout | undefined;
  private unsubscribe: () => void = () => undefined;

  constructor(
    private readonly history: MetricsHistory,
    private readonly overview: OverviewReader,
    private readonly now: () => number,
  ) {
    this.events = new EventStream(() =>
      this.latest === undefined ? '' : eventText('overview', this.latest),
    );
  }

  start(): void {
    this.unsubscribe = this.history.onSample(() => this.refresh(this.events.readerCount > 0));
    this.heartbeat = unref(setInterval(() => this.events.send(':\n\n'), HEARTBEAT_MS));
  }

  stop(): void {
    this.unsubscribe();
    clearInterval(this.heartbeat);
    this.events.close();
  }

  /** Returns the overview: the last requested one if it is fresh, else a new one. */
  current(): Promise<Overview> {
    const { requested } = this;
    const age = requested === undefined ? NaN : this.now() - requested.at;
    // A negative age means that the clock was set back.
    if (requested !== undefined && age >= 0 && age < MAX_AGE_MS) return requested.overview;
    const overview = this.refresh(true);
    this.requested = { at: this.now(), overview };
    // An error is not reused.
    overview.catch(() => (this.requested = undefined));
    return overview;
  }

  /** @param isWatched true if somebody sees it */
  private refresh(isWatched: boolean): Promise<Overview> {
    const { reading } = this;
    if (reading !== undefined && (reading.isWatched || !isWatched)) return reading.overview;
    const own = {
      isWatched,
      overview: this.read(isWatched).finally(() => {
        if (this.reading === own) this.reading = undefined;
      }),
    };
    this.reading = own;
    return own.overview;
  }

  private async read(isWatched: boolean): Promise<Overview> {
    const overview = await this.overview.read(isWatched);
    if (isWatched) {
      this.latest = overview;
      // Most of the time nobody looks, and the text is long.
      if (this.events.readerCount > 0) this.events.send(eventText('overview', overview));
    } else {
      // Without a verdict it is nothing to show: the next reader gets a new one, not one of before.
      this.latest = undefined;
      this.requested = undefined;
    }
    return overview;
  }
}
