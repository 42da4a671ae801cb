import { keyOf } from '../../query/label-sets.js';
import type { Alert } from '../alert.js';
import { AlertGroup, type EvaluationContext, type NotificationLogEntry } from './alert-group.js';
import type { ResolvedHandlerOptions } from './handler.options.js';

/** Maximum number of alerts that are kept only for their delivery; above it the oldest are evicted. */
const MAX_BACKLOG = 10_000;

/** The groups of the alerts that a handler accepts. */
export class AlertGroups {
  private readonly groups = new Map<string, AlertGroup>();

  constructor(
    private readonly options: Pick<ResolvedHandlerOptions, 'accepts' | 'groupBy' | 'sendResolved'>,
  ) {}

  /**
   * Updates every group after an evaluation.
   *
   * @returns the groups that have alerts, or something to deliver
   */
  update(alerts: readonly Alert[], context: EvaluationContext, at: number): AlertGroup[] {
    const byGroup = new Map<AlertGroup, Alert[]>();
    for (const alert of alerts) {
      if (alert.state === 'pending' || !this.options.accepts(alert)) continue;
      const group = this.groupOf(alert, at);
      const others = byGroup.get(group);
      if (others === undefined) byGroup.set(group, [alert]);
      else others.push(alert);
    }
    for (const [key, group] of this.groups) {
      group.update(byGroup.get(group) ?? [], context, at);
      if (group.isDisposable) this.groups.delete(key);
    }
    return [...this.groups.values()];
  }

  /** Moves every recorded time into the past, after the wall clock was set back. */
  shiftTimes(ms: number): void {
    for (const group of this.groups.values()) group.shiftTimes(ms);
  }

  /** Returns the notification logs of the groups, by group key. */
  notificationLog(): Record<string, NotificationLogEntry> {
    return Object.fromEntries(
      [...this.groups.values()].flatMap((group) => {
        const entry = group.logEntry();
        return entry === undefined ? [] : [[group.key, entry] as const];
      }),
    );
  }

  /** Restores notification logs. */
  restore(log: Readonly<Record<string, NotificationLogEntry>>): void {
    this.groups.clear();
    // The grouping may have changed: each alert goes to the group that it belongs to now.
    for (const { at, firing, undelivered } of Object.values(log)) {
      for (const [alerts, kind] of [[firing, 'firing'] as const, [undelivered, 'undelivered'] as const]) {
        for (const alert of alerts.filter((one) => this.options.accepts(one))) {
          this.groupOf(alert, at).restore({ at, firing: [], undelivered: [], [kind]: [alert] });
        }
      }
    }
  }

  /**
   * Evicts the oldest alerts of a backlog that is too large because the handler accepts nothing.
   *
   * @returns the number of evicted alerts
   */
  evictBacklog(): number {
    let excess = -MAX_BACKLOG;
    for (const group of this.groups.values()) excess += group.backlog;
    let evicted = 0;
    for (const group of this.groups.values()) {
      if (evicted >= excess) break;
      evicted += group.evictBacklog(excess - evicted);
    }
    return evicted;
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
      groupBy.flatMap((name) => {
        const value = Object.hasOwn(labels, name) ? labels[name] : undefined;
        return value === undefined ? [] : [[name, value]];
      }),
    );
  }
}
