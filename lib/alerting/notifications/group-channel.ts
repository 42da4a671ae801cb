import { setMaxListeners } from 'node:events';
import type { Clock } from '../../metrics/clock.js';
import type { Alert } from '../alert.js';
import type { AlertContexts } from '../context/alert-contexts.js';
import type { AlertGroup, EvaluationContext, GroupAlerts, NotificationLogEntry } from './alert-group.js';
import { AlertGroups } from './alert-groups.js';
import type { Channel, ChannelStatus } from './channel.js';
import { ConcurrencyLimiter } from './concurrency-limiter.js';
import { DeliveryRecord } from './delivery-record.js';
import { callHandler } from './handler-call.js';
import type { ResolvedHandlerOptions } from './handler.options.js';
import { type NotificationHandler, notificationOf } from './notification.js';
import { RECOVERY_MS, RetrySchedule } from './retry-schedule.js';
import { unref } from '../../primitives/unref.js';

/** Maximum number of calls at the same time, slow ones aside. */
const MAX_CONCURRENT_CALLS = 4;
/** The time after which a call is slow and other groups are notified beside it, in milliseconds. */
const SLOW_CALL_MS = 1_000;
/** Maximum number of calls that are pending, also beyond their time limit; above it the handler is not called. */
const MAX_PENDING_CALLS = 20;

/**
 * A channel that notifies a handler of alerts in groups: of changes at once or after the wait of the group, and of
 * firing alerts again at each repeat interval. Only a successful delivery is recorded, so that each change is delivered
 * at least once.
 */
export class GroupChannel implements Channel {
  private readonly groups: AlertGroups;
  private readonly controller = new AbortController();
  private readonly limiter = new ConcurrencyLimiter(
    MAX_CONCURRENT_CALLS,
    MAX_PENDING_CALLS - MAX_CONCURRENT_CALLS,
  );
  private readonly schedule: RetrySchedule;
  /** Notifications that are queued or in flight. */
  private readonly inFlight = new Set<Promise<void>>();
  private readonly record: DeliveryRecord;
  private pendingCalls = 0;

  /**
   * @param warn is called once when the handler begins to fail
   * @param onFailed is called with the error of each notification that failed with all its retries
   */
  constructor(
    private readonly handler: NotificationHandler,
    private readonly options: ResolvedHandlerOptions,
    clock: Clock,
    warn: (message: string) => void,
    private readonly onDelivered: () => void = () => undefined,
    private readonly onFailed: (error: unknown) => void = () => undefined,
    private readonly contexts?: AlertContexts,
  ) {
    this.groups = new AlertGroups(options);
    this.record = new DeliveryRecord(handler.name, warn);
    const { signal } = this.controller;
    // Each notification in flight listens to it; their number has a limit of its own.
    setMaxListeners(0, signal);
    this.schedule = new RetrySchedule(options.retries, clock, signal);
  }

  get status(): ChannelStatus {
    return this.record.status(this.inFlight.size);
  }

  update(alerts: readonly Alert[], context: EvaluationContext, at: number): void {
    if (this.controller.signal.aborted) return;
    for (const group of this.groups.update(alerts, context, at)) {
      if (this.isDue(group, at)) this.enqueue(group, at);
    }
    this.record.recordDropped(this.groups.evictBacklog());
  }

  shiftTimes(ms: number): void {
    this.schedule.shiftTimes(ms);
    this.groups.shiftTimes(ms);
  }

  async settled(): Promise<void> {
    await Promise.all(this.inFlight);
  }

  async close(): Promise<void> {
    this.controller.abort(new Error('the alert handler was closed'));
    await this.settled();
    await this.handler.close?.();
  }

  /** Returns the notification logs of the groups, by group key. */
  notificationLog(): Record<string, NotificationLogEntry> {
    return this.groups.notificationLog();
  }

  /** Restores the notification logs of the time before a restart, or of the previous leader. */
  restore(log: Readonly<Record<string, NotificationLogEntry>>): void {
    this.groups.restore(log);
  }

  private isDue(group: AlertGroup, at: number): boolean {
    if (group.isWaiting || this.schedule.isPaused(at)) return false;
    const { groupWaitMs, groupIntervalMs, repeatIntervalMs } = this.options;
    if (group.isFailing && at - (group.lastAttempt ?? at) < RECOVERY_MS) return false;
    const notBefore =
      group.lastAttempt === undefined ? group.since + groupWaitMs : group.lastAttempt + groupIntervalMs;
    return at >= notBefore && group.isDue(at, repeatIntervalMs);
  }

  private enqueue(group: AlertGroup, at: number): void {
    group.retainNewAlerts();
    if (this.inFlight.size >= this.options.maxQueuedNotifications) {
      this.record.recordDropped(1);
      return;
    }
    group.isWaiting = true;
    const notifying = this.notify(group, at).finally(() => {
      group.isWaiting = false;
      this.inFlight.delete(notifying);
    });
    this.inFlight.add(notifying);
  }

  /** Notifies the handler of a group, with retries. A pause between them gives way to other groups. */
  private async notify(group: AlertGroup, at: number): Promise<void> {
    group.lastAttempt = at;
    for (let attempt = 0; ; attempt++) {
      try {
        await this.limiter.run((giveWay) => this.attempt(group, at, giveWay));
        return;
      } catch (error) {
        const pauseMs = this.schedule.pauseAfter(error, attempt);
        if (pauseMs !== undefined) await this.schedule.pause(pauseMs);
        // A call that outlives its time limit may still deliver: a retry would deliver twice.
        if (pauseMs === undefined || group.pendingCalls > 0) {
          this.record.recordFailure(error);
          this.onFailed(error);
          group.isFailing = true;
          return;
        }
      }
    }
  }

  private async attempt(group: AlertGroup, at: number, giveWay: () => void): Promise<void> {
    await this.schedule.resumed();
    if (this.schedule.isPaused(at)) return;
    // Read now: the alerts may have changed while the notification was queued.
    if (group.isDue(at, this.options.repeatIntervalMs)) {
      const slow = unref(setTimeout(giveWay, SLOW_CALL_MS));
      await this.deliver(group, group.next, at).finally(() => clearTimeout(slow));
    }
    group.isFailing = false;
    this.record.recordRecovery();
  }

  private async deliver(group: AlertGroup, content: GroupAlerts, at: number): Promise<void> {
    const { signal } = this.controller;
    signal.throwIfAborted();
    if (this.pendingCalls >= MAX_PENDING_CALLS)
      throw new Error(`${this.pendingCalls} earlier calls are still pending`);
    const due = [...content.firing, ...content.resolved];
    const alerts = this.contexts === undefined ? due : await this.contexts.addTo(due);
    signal.throwIfAborted();
    const notification = notificationOf(this.handler.name, group.key, group.labels, alerts);
    const call = async (callSignal: AbortSignal): Promise<void> => {
      await this.call(group, notification, callSignal);
      this.recordDelivery(group, content, at);
    };
    await callHandler(call, { timeoutMs: this.options.timeoutMs, closed: signal });
  }

  private async call(group: AlertGroup, ...args: Parameters<NotificationHandler['notify']>): Promise<void> {
    this.pendingCalls++;
    group.pendingCalls++;
    try {
      await this.handler.notify(...args);
    } finally {
      this.pendingCalls--;
      group.pendingCalls--;
    }
  }

  /** Records a delivery, which may be later than the time limit of its call. */
  private recordDelivery(group: AlertGroup, content: GroupAlerts, at: number): void {
    this.record.recordDelivery();
    group.isFailing = false;
    group.recordDelivery(content, at);
    this.onDelivered();
  }
}
