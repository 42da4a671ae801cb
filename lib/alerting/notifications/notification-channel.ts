import { withinTime } from '../../metrics/collector-runner.js';
import type { Alert } from '../alert.js';
import { keyOf } from '../rules/expression.js';
import type { Channel, ChannelStatus } from './channel.js';
import type { ResolvedHandlerOptions } from './handler.options.js';
import {
  type AlertNotification,
  NotificationError,
  type NotificationHandler,
  notificationOf,
} from './notification.js';

/** The pause before the first retry; each further one is twice as long. */
const FIRST_PAUSE_MS = 500;
/** After it could not be told at all, so long nothing is tried. */
const RECOVERY_MS = 60_000;

/** What a handler was last told of a group. */
export interface Told {
  readonly at: number;
  readonly firing: readonly string[];
}

interface Group {
  readonly key: string;
  readonly labels: Readonly<Record<string, string>>;
  since: number;
  told: Told | undefined;
  lastTry: number | undefined;
  isFailing: boolean;
  isWaiting: boolean;
}

/**
 * Tells a handler of alerts in groups: of what is new at once, or when the group has waited enough, and of what still
 * fires every so often. What it was told of is known only when it has taken it, so that it is told at least once.
 */
export class NotificationChannel implements Channel {
  private readonly groups = new Map<string, Group>();
  private readonly controller = new AbortController();
  private tail: Promise<void> = Promise.resolve();
  private waiting = 0;
  private delivered = 0;
  private failed = 0;
  private dropped = 0;
  private lastError: string | undefined;
  private latest: ReadonlyMap<string, readonly Alert[]> = new Map();

  /** @param warn is told once when it begins to fail */
  constructor(
    private readonly handler: NotificationHandler,
    private readonly options: ResolvedHandlerOptions,
    private readonly warn: (message: string) => void,
    private readonly onTold: () => void = () => undefined,
  ) {}

  get status(): ChannelStatus {
    const { delivered, failed, dropped, waiting, lastError } = this;
    return { handler: this.handler.name, delivered, failed, dropped, waiting, lastError };
  }

  offer(alerts: readonly Alert[], isMuted: (alert: Alert) => boolean, at: number): void {
    if (this.controller.signal.aborted) return;
    const wanted = alerts.filter((alert) => alert.state !== 'pending' && this.options.wants(alert));
    const grouped = new Map<string, Alert[]>();
    for (const alert of wanted) {
      const { key } = this.groupOf(alert, at);
      if (isMuted(alert)) continue;
      const others = grouped.get(key);
      if (others === undefined) grouped.set(key, [alert]);
      else others.push(alert);
    }
    this.latest = grouped;
    const present = new Set(wanted.map((alert) => this.keyOf(alert)));
    for (const [key, group] of this.groups) {
      if (!present.has(key) && !group.isWaiting) this.groups.delete(key);
      else if (this.isDue(group, at)) this.enqueue(group, at);
    }
  }

  setBack(ms: number): void {
    for (const group of this.groups.values()) {
      group.since -= ms;
      if (group.lastTry !== undefined) group.lastTry -= ms;
      if (group.told !== undefined) group.told = { ...group.told, at: group.told.at - ms };
    }
  }

  settled(): Promise<void> {
    return this.tail;
  }

  async close(): Promise<void> {
    this.controller.abort(new Error('it was stopped'));
    await this.tail;
    await this.handler.close?.();
  }

  /** What it has been told of, to be kept over a restart. */
  told(): Record<string, Told> {
    return Object.fromEntries(
      [...this.groups.values()].flatMap(({ key, told }) => (told === undefined ? [] : [[key, told]])),
    );
  }

  /** Takes it as told what it was told before a restart. */
  restore(told: Readonly<Record<string, Told>>, alerts: readonly Alert[]): void {
    for (const alert of alerts) {
      if (alert.state === 'pending' || !this.options.wants(alert)) continue;
      const group = this.groupOf(alert, alert.firedAt ?? alert.activeAt);
      group.told = told[group.key];
    }
  }

  private isDue(group: Group, at: number): boolean {
    if (group.isWaiting) return false;
    const { groupWaitMs, groupIntervalMs, repeatIntervalMs } = this.options;
    if (group.isFailing && at - (group.lastTry ?? at) < RECOVERY_MS) return false;
    const notBefore =
      group.lastTry === undefined ? group.since + groupWaitMs : group.lastTry + groupIntervalMs;
    if (at < notBefore) return false;
    const { firing, resolved } = this.newsOf(group);
    if (firing.length === 0 && resolved.length === 0) return false;
    if (group.told === undefined || resolved.length > 0) return true;
    const known = new Set(group.told.firing);
    return (
      firing.some(({ fingerprint }) => !known.has(fingerprint)) || at - group.told.at >= repeatIntervalMs
    );
  }

  /** What fires in a group, and which of those that the handler knows of have ceased to. */
  private newsOf(group: Group): { firing: readonly Alert[]; resolved: readonly Alert[] } {
    const alerts = this.latest.get(group.key) ?? [];
    const known = new Set(group.told?.firing);
    return {
      firing: alerts.filter(({ state }) => state === 'firing'),
      resolved: this.options.sendResolved
        ? alerts.filter(({ state, fingerprint }) => state === 'resolved' && known.has(fingerprint))
        : [],
    };
  }

  private enqueue(group: Group, at: number): void {
    if (this.waiting >= this.options.queueLimit) {
      this.dropped++;
      return;
    }
    group.isWaiting = true;
    this.waiting++;
    this.tail = this.tail.then(() => this.tell(group, at));
  }

  private async tell(group: Group, at: number): Promise<void> {
    // As it is by now: it may have waited for long.
    const { firing, resolved } = this.newsOf(group);
    group.lastTry = at;
    try {
      if (firing.length + resolved.length > 0) {
        const alerts = [...firing, ...resolved];
        await this.deliver(notificationOf(this.handler.name, group.key, group.labels, alerts));
        this.delivered++;
        group.told = { at, firing: firing.map(({ fingerprint }) => fingerprint) };
        this.onTold();
      }
      group.isFailing = false;
      this.lastError = undefined;
    } catch (error) {
      this.note(error);
      group.isFailing = true;
    } finally {
      group.isWaiting = false;
      this.waiting--;
    }
  }

  private async deliver(notification: AlertNotification): Promise<void> {
    const { retries, timeoutMs } = this.options;
    for (let attempt = 0; ; attempt++) {
      const controller = new AbortController();
      const stop = (): void => controller.abort(this.controller.signal.reason);
      this.controller.signal.addEventListener('abort', stop, { once: true });
      try {
        this.controller.signal.throwIfAborted();
        const work = Promise.resolve(this.handler.notify(notification, controller.signal));
        await withinTime(work, timeoutMs, { signal: this.controller.signal, background: true });
        return;
      } catch (error) {
        controller.abort(error);
        const isFinal = error instanceof NotificationError && !error.mayRetry;
        if (isFinal || attempt >= retries || this.controller.signal.aborted) throw error;
        await this.pause(FIRST_PAUSE_MS * 2 ** attempt);
      } finally {
        this.controller.signal.removeEventListener('abort', stop);
      }
    }
  }

  private pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms).unref();
      this.controller.signal.addEventListener(
        'abort',
        () => {
          clearTimeout(timer);
          resolve();
        },
        { once: true },
      );
    });
  }

  private note(error: unknown): void {
    this.failed++;
    const reason = error instanceof Error ? error.message : String(error);
    if (this.lastError === undefined) this.warn(`Alert handler ${this.handler.name} failed: ${reason}`);
    this.lastError = reason;
  }

  private groupOf(alert: Alert, at: number): Group {
    const key = this.keyOf(alert);
    let group = this.groups.get(key);
    if (group === undefined) {
      const labels = this.groupLabels(alert);
      group = {
        key,
        labels,
        since: at,
        told: undefined,
        lastTry: undefined,
        isFailing: false,
        isWaiting: false,
      };
      this.groups.set(key, group);
    }
    return group;
  }

  private keyOf(alert: Alert): string {
    return keyOf(this.groupLabels(alert));
  }

  private groupLabels({ labels }: Alert): Readonly<Record<string, string>> {
    const { groupBy } = this.options;
    if (groupBy === undefined) return labels;
    return Object.fromEntries(groupBy.flatMap((name) => (labels[name] ? [[name, labels[name]]] : [])));
  }
}
