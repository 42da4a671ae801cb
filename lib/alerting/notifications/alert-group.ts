import type { Alert } from '../alert.js';

/** The knowledge of a handler about a group, kept over a restart. */
export interface Told {
  /** When it last took something, in milliseconds since the Unix epoch. */
  readonly at: number;
  /** Alerts that it was told fire and was not told are over; some may be over by now. */
  readonly firing: readonly Alert[];
  /** Alerts that fired and of which it has taken nothing yet. */
  readonly untold: readonly Alert[];
}

/** The news of a group for its handler. */
export interface GroupNews {
  readonly firing: readonly Alert[];
  readonly resolved: readonly Alert[];
}

/** The view of an evaluation on alerts. */
export interface AlertView {
  /** Tells of an alert if nobody is to be notified of it. */
  readonly isMuted: (alert: Alert) => boolean;
  /** Tells of an alert if its rule failed, so that nobody knows if it is still so. */
  readonly isUncertain: (alert: Alert) => boolean;
}

/**
 * Alerts that a handler is told of together. The group remembers what the handler knows, beyond the end of the alerts:
 * what was told as firing is told as over, and a first telling that failed is kept.
 */
export class AlertGroup {
  /** When the handler was last tried, successfully or not. */
  lastTry: number | undefined;
  isFailing = false;
  /** True while a notification is under way, or waits for its turn. */
  isWaiting = false;
  news: GroupNews = { firing: [], resolved: [] };
  private toldAt: number | undefined;
  private isOffered = false;
  /** By fingerprint. */
  private readonly told = new Map<string, Alert>();
  private readonly untold = new Map<string, Alert>();

  /** @param since when the first alert of it fired */
  constructor(
    readonly key: string,
    readonly labels: Readonly<Record<string, string>>,
    public since: number,
    private readonly sendResolved: boolean,
  ) {}

  /** The number of alerts that are over, or may be by now, and wait to be told. */
  get owed(): number {
    return this.untold.size + this.ended().length;
  }

  /** True if there is nothing left to tell, now or later. */
  get isForgettable(): boolean {
    return !this.isOffered && !this.isWaiting && this.told.size + this.untold.size === 0;
  }

  /** Takes in the alerts of the group as they are: those that fire, and those that were resolved lately. */
  update(alerts: readonly Alert[], { isMuted, isUncertain }: AlertView, at: number): void {
    this.isOffered = alerts.length > 0;
    const offered = new Map<string, Alert>();
    for (const alert of alerts) {
      // One that ended may fire again, under a rule that was added anew.
      if (offered.get(alert.fingerprint)?.state !== 'firing') offered.set(alert.fingerprint, alert);
    }
    for (const [fingerprint, alert] of this.told) {
      const now = offered.get(fingerprint);
      if (now !== undefined) this.told.set(fingerprint, now);
      else if (alert.state === 'firing' && !isUncertain(alert)) {
        this.told.set(fingerprint, { ...alert, state: 'resolved', resolvedAt: at });
      }
      if (!this.sendResolved && this.told.get(fingerprint)?.state === 'resolved')
        this.told.delete(fingerprint);
    }
    for (const [fingerprint, alert] of this.untold) if (isMuted(alert)) this.untold.delete(fingerprint);
    const firing = [...offered.values()].filter((alert) => alert.state === 'firing' && !isMuted(alert));
    const missed = [...this.untold.values()].filter(
      ({ fingerprint }) => offered.get(fingerprint)?.state !== 'firing',
    );
    const resolved = this.ended().filter((alert) => !isMuted(alert));
    this.news = { firing: [...firing, ...missed], resolved };
  }

  /** Returns whether the handler has to be told something, be it once more of what it knows. */
  isDue(at: number, repeatIntervalMs: number): boolean {
    const { firing, resolved } = this.news;
    if (resolved.length > 0) return true;
    if (firing.length === 0) return false;
    return this.unknown().length > 0 || at - (this.toldAt ?? -Infinity) >= repeatIntervalMs;
  }

  /** Remembers what is about to be told for the first time, so that it is told even if it is over by then. */
  keepUntold(): void {
    for (const alert of this.unknown()) this.untold.set(alert.fingerprint, alert);
  }

  /** The handler has taken these news. */
  taken({ firing, resolved }: GroupNews, at: number): void {
    this.toldAt = at;
    for (const { fingerprint } of resolved) this.told.delete(fingerprint);
    for (const alert of firing) {
      this.told.set(alert.fingerprint, alert);
      this.untold.delete(alert.fingerprint);
    }
  }

  /** Forgets the oldest alerts that wait to be told. @returns how many */
  forgetOwed(most: number): number {
    const ended = this.ended();
    const forgotten = [...this.untold.values(), ...ended].slice(0, most);
    for (const { fingerprint } of forgotten) {
      if (!this.untold.delete(fingerprint)) this.told.delete(fingerprint);
    }
    return forgotten.length;
  }

  /** Moves every time that was noted into the past: the clock was set back. */
  setBack(ms: number): void {
    this.since -= ms;
    if (this.lastTry !== undefined) this.lastTry -= ms;
    if (this.toldAt !== undefined) this.toldAt -= ms;
  }

  toJSON(): Told | undefined {
    const { told, untold, toldAt = this.since } = this;
    if (told.size + untold.size === 0) return undefined;
    return { at: toldAt, firing: [...told.values()], untold: [...untold.values()] };
  }

  /** Takes it as told what was told before a restart. */
  restore({ at, firing, untold }: Told): void {
    if (firing.length > 0) this.toldAt = at;
    for (const alert of firing) this.told.set(alert.fingerprint, alert);
    for (const alert of untold) this.untold.set(alert.fingerprint, alert);
  }

  /** Alerts that were told as firing, and are over. */
  private ended(): Alert[] {
    return [...this.told.values()].filter(({ state }) => state === 'resolved');
  }

  private unknown(): Alert[] {
    return this.news.firing.filter(({ fingerprint }) => !this.told.has(fingerprint));
  }
}
