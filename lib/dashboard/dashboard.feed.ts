import { EventStream, eventText } from '../http/event-stream.js';
import type { MetricsHistory } from '../query/metrics-history.js';
import type { Overview, OverviewReader } from './overview.js';

/** A connection that says nothing is taken for dead by those between. */
const HEARTBEAT_MS = 15_000;
/** Who asks within this time is told the same, in milliseconds. */
const FRESH_MS = 1_000;

/** Tells every open dashboard how things stand, whenever that was looked at: once for all of them. */
export class DashboardFeed {
  readonly events: EventStream;
  private latest: Overview | undefined;
  private reading: Promise<Overview> | undefined;
  private asked: { readonly at: number; readonly answer: Promise<Overview> } | undefined;
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
    this.unsubscribe = this.history.onSample(() => this.refresh());
    this.heartbeat = setInterval(() => this.events.send(':\n\n'), HEARTBEAT_MS).unref();
  }

  stop(): void {
    this.unsubscribe();
    clearInterval(this.heartbeat);
    this.events.close();
  }

  /** Returns how things stand, looked at anew unless somebody asked a moment ago: the status makes no difference. */
  current(): Promise<Overview> {
    const { asked } = this;
    const age = asked === undefined ? NaN : this.now() - asked.at;
    // A clock that was set back makes nothing fresh.
    if (asked !== undefined && age >= 0 && age < FRESH_MS) return asked.answer;
    const answer = this.refresh();
    this.asked = { at: this.now(), answer };
    // An error is told to those who asked, and to nobody after them.
    answer.catch(() => (this.asked = undefined));
    return answer;
  }

  private refresh(): Promise<Overview> {
    this.reading ??= this.read().finally(() => (this.reading = undefined));
    return this.reading;
  }

  private async read(): Promise<Overview> {
    this.latest = await this.overview.read();
    this.events.send(eventText('overview', this.latest));
    return this.latest;
  }
}
