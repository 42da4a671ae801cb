import { withinTime } from '../../primitives/deadline.js';
import { messageOf } from '../../primitives/message-of.js';
import type { Alert } from '../alert.js';
import { keyOf } from '../../query/label-sets.js';
import { AlertGroup, type AlertView, type GroupNews, type Told } from './alert-group.js';
import type { Channel, ChannelStatus } from './channel.js';
import type { ResolvedHandlerOptions } from './handler.options.js';
import { Lanes } from './lanes.js';
import { NotificationError, type NotificationHandler, notificationOf } from './notification.js';

/** The pause before the first retry; each further one is twice as long. */
const FIRST_PAUSE_MS = 500;
/** A receiver that asks for a longer pause than this is tried again with a later evaluation. */
const LONGEST_PAUSE_MS = 10_000;
/** After it could not be told at all, so long nothing is tried. */
const RECOVERY_MS = 60_000;
/** So many groups may be under way at a time: one that hangs keeps no other waiting. */
const LANES = 4;
/** So many calls of the handler may hang on after their time was over; then it is not called again. */
const MOST_HANGING = 20;
/** So many alerts that are over may wait to be told; the oldest are forgotten. */
const MOST_OWED = 10_000;

/**
 * Tells a handler of alerts in groups: of what is new at once, or when the group has waited enough, and of what still
 * fires every so often. What it was told of is known only when it has taken it, so that it is told at least once.
 */
export class NotificationChannel implements Channel {
  private readonly groups = new Map<string, AlertGroup>();
  private readonly controller = new AbortController();
  private readonly lanes = new Lanes(LANES);
  private readonly underWay = new Set<Promise<void>>();
  /** The pause that the receiver asked for, until it is over. */
  private rest: Promise<void> | undefined;
  /** In milliseconds since the Unix epoch. */
  private restUntil = -Infinity;
  private hanging = 0;
  private delivered = 0;
  private failed = 0;
  private dropped = 0;
  private lastError: string | undefined;

  /** @param warn is told once when it begins to fail */
  constructor(
    private readonly handler: NotificationHandler,
    private readonly options: ResolvedHandlerOptions,
    private readonly warn: (message: string) => void,
    private readonly onTold: () => void = () => undefined,
  ) {}

  get status(): ChannelStatus {
    const { delivered, failed, dropped, lastError } = this;
    return {
      handler: this.handler.name,
      delivered,
      failed,
      dropped,
      waiting: this.underWay.size,
      lastError,
    };
  }

  offer(alerts: readonly Alert[], view: AlertView, at: number): void {
    if (this.controller.signal.aborted) return;
    const offered = new Map<AlertGroup, Alert[]>();
    for (const alert of alerts) {
      if (alert.state === 'pending' || !this.options.wants(alert)) continue;
      const group = this.groupOf(alert, at);
      const others = offered.get(group);
      if (others === undefined) offered.set(group, [alert]);
      else others.push(alert);
    }
    for (const [key, group] of this.groups) {
      group.update(offered.get(group) ?? [], view, at);
      if (group.isForgettable) this.groups.delete(key);
      else if (this.isDue(group, at)) this.enqueue(group, at);
    }
    this.forgetOldest();
  }

  setBack(ms: number): void {
    this.restUntil -= ms;
    for (const group of this.groups.values()) group.setBack(ms);
  }

  async settled(): Promise<void> {
    await Promise.all(this.underWay);
  }

  async close(): Promise<void> {
    this.controller.abort(new Error('it was stopped'));
    await this.settled();
    await this.handler.close?.();
  }

  /** What it has been told of, to be kept over a restart. */
  told(): Record<string, Told> {
    return Object.fromEntries(
      [...this.groups.values()].flatMap((group) => {
        const told = group.toJSON();
        return told === undefined ? [] : [[group.key, told] as const];
      }),
    );
  }

  /** Takes it as told what it was told before a restart, or by who did so until now. */
  restore(told: Readonly<Record<string, Told>>): void {
    this.groups.clear();
    for (const { at, firing, untold } of Object.values(told)) {
      for (const [alerts, kind] of [[firing, 'firing'] as const, [untold, 'untold'] as const]) {
        for (const alert of alerts.filter((one) => this.options.wants(one))) {
          this.groupOf(alert, at).restore({ at, firing: [], untold: [], [kind]: [alert] });
        }
      }
    }
  }

  private isDue(group: AlertGroup, at: number): boolean {
    if (group.isWaiting || at < this.restUntil) return false;
    const { groupWaitMs, groupIntervalMs, repeatIntervalMs } = this.options;
    if (group.isFailing && at - (group.lastTry ?? at) < RECOVERY_MS) return false;
    const notBefore =
      group.lastTry === undefined ? group.since + groupWaitMs : group.lastTry + groupIntervalMs;
    return at >= notBefore && group.isDue(at, repeatIntervalMs);
  }

  private enqueue(group: AlertGroup, at: number): void {
    group.keepUntold();
    if (this.underWay.size >= this.options.queueLimit) {
      this.dropped++;
      return;
    }
    group.isWaiting = true;
    const telling = this.tell(group, at).finally(() => {
      group.isWaiting = false;
      this.underWay.delete(telling);
    });
    this.underWay.add(telling);
  }

  /** Tells the handler of a group, with retries; between them others have their turn. */
  private async tell(group: AlertGroup, at: number): Promise<void> {
    group.lastTry = at;
    for (let attempt = 0; ; attempt++) {
      try {
        await this.lanes.run(() => this.attempt(group, at));
        return;
      } catch (error) {
        const pauseMs = this.pauseAfter(error, attempt, at);
        if (pauseMs === undefined) {
          this.note(error);
          group.isFailing = true;
          return;
        }
        await this.pause(pauseMs);
      }
    }
  }

  private async attempt(group: AlertGroup, at: number): Promise<void> {
    await this.rest;
    if (at < this.restUntil) return;
    // As it is by now: it may have waited for long.
    const { news } = group;
    if (news.firing.length + news.resolved.length > 0) await this.deliver(group, news, at);
    group.isFailing = false;
    this.lastError = undefined;
  }

  private async deliver(group: AlertGroup, news: GroupNews, at: number): Promise<void> {
    const { signal } = this.controller;
    signal.throwIfAborted();
    if (this.hanging >= MOST_HANGING) throw new Error(`${this.hanging} earlier calls are still pending`);
    const own = new AbortController();
    const stop = (): void => own.abort(signal.reason);
    signal.addEventListener('abort', stop, { once: true });
    try {
      const alerts = [...news.firing, ...news.resolved];
      const notification = notificationOf(this.handler.name, group.key, group.labels, alerts);
      const work = this.handle(notification, own.signal);
      await withinTime(work, this.options.timeoutMs, { signal, background: true });
    } catch (error) {
      own.abort(error);
      throw error;
    } finally {
      signal.removeEventListener('abort', stop);
    }
    this.delivered++;
    group.taken(news, at);
    this.onTold();
  }

  private async handle(...told: Parameters<NotificationHandler['notify']>): Promise<void> {
    this.hanging++;
    try {
      await this.handler.notify(...told);
    } finally {
      this.hanging--;
    }
  }

  /** How long to wait before the next attempt; undefined if there is to be none for now. */
  private pauseAfter(error: unknown, attempt: number, at: number): number | undefined {
    if (this.controller.signal.aborted) return undefined;
    const { mayRetry = true, retryAfterMs = 0 } = error instanceof NotificationError ? error : {};
    const isTooLong = retryAfterMs > LONGEST_PAUSE_MS;
    if (isTooLong) this.restUntil = Math.max(this.restUntil, at + retryAfterMs);
    if (!mayRetry || isTooLong || attempt >= this.options.retries) return undefined;
    // What a receiver asks for is for all groups.
    if (retryAfterMs > 0) this.rest = this.pause(retryAfterMs);
    return Math.max(Math.min(FIRST_PAUSE_MS * 2 ** attempt, RECOVERY_MS), retryAfterMs);
  }

  private pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const { signal } = this.controller;
      if (signal.aborted) return resolve();
      const end = (): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', end);
        resolve();
      };
      const timer = setTimeout(end, ms).unref();
      signal.addEventListener('abort', end, { once: true });
    });
  }

  private note(error: unknown): void {
    this.failed++;
    const reason = messageOf(error);
    if (this.lastError === undefined) this.warn(`Alert handler ${this.handler.name} failed: ${reason}`);
    this.lastError = reason;
  }

  /** Keeps what is remembered of a receiver that takes nothing within bounds. */
  private forgetOldest(): void {
    let excess = -MOST_OWED;
    for (const group of this.groups.values()) excess += group.owed;
    for (const group of this.groups.values()) {
      if (excess <= 0) return;
      const forgotten = group.forgetOwed(excess);
      excess -= forgotten;
      this.dropped += forgotten;
    }
  }

  private groupOf(alert: Alert, at: number): AlertGroup {
    const labels = this.groupLabels(alert);
    const key = keyOf(labels);
    let group = this.groups.get(key);
    if (group === undefined) {
      group = new AlertGroup(key, labels, at, this.options.sendResolved);
      this.groups.set(key, group);
    }
    return group;
  }

  private groupLabels({ labels }: Alert): Readonly<Record<string, string>> {
    const { groupBy } = this.options;
    if (groupBy === undefined) return labels;
    return Object.fromEntries(
      groupBy.flatMap((name) => (Object.hasOwn(labels, name) ? [[name, labels[name]]] : [])),
    );
  }
}
