import type { Clock } from '../../metrics/clock.js';
import { messageOf } from '../../primitives/error-message.js';
import { AlertingStateFile } from './alerting-state-file.js';
import type { AlertingState } from './alerting-state.js';
import type { ChannelRegistry } from '../notifications/channel-registry.js';
import type { Silences } from '../notifications/silences.js';
import type { RuleRegistry } from '../evaluation/rule-registry.js';
import type { ActiveAlert } from '../evaluation/active-alert.js';
import type { CompiledRule } from '../rules/compiled-rule.js';
import { keyOf } from '../../query/label-sets.js';

/** Maximum outage after which alerts are restored: older ones say nothing about the present. */
const MAX_OUTAGE_MS = 3_600_000;

/** The file of the alerting state, and the leadership among the workers that share it. */
export interface PersistenceOptions {
  /** Path of the state file, if there is one. */
  readonly stateFile: string | undefined;
  /** Returns true in the worker that notifies handlers. @default this is the only worker */
  readonly isLeader?: () => boolean;
  /** Returns the time until which a restored alert of a rule is kept without data. */
  readonly heldUntil: (rule: CompiledRule, now: number) => number;
  readonly warn: (message: string) => void;
}

/** The parts of alerting whose state is saved. */
export interface PersistedParts {
  readonly rules: RuleRegistry;
  readonly channels: ChannelRegistry;
  readonly silences: Silences;
}

/**
 * The persistence of the alerting state over a restart, and over a change of the leader. Only the leader saves alerts
 * and the notification log; every worker saves silences.
 */
export class AlertingPersistence {
  private readonly store: AlertingStateFile | undefined;
  private isStarted = false;
  private leads: boolean;
  /** Time of the last state that this worker saved as the leader. */
  private savedAt: number | undefined;
  /** The state that was loaded last. */
  private loaded: AlertingState | undefined;

  constructor(
    private readonly parts: PersistedParts,
    private readonly clock: Clock,
    private readonly options: PersistenceOptions,
  ) {
    const { stateFile, isLeader, warn } = options;
    this.store = stateFile === undefined ? undefined : new AlertingStateFile(stateFile, warn);
    this.leads = isLeader === undefined;
  }

  /** True if this worker notifies the handlers. */
  get isLeader(): boolean {
    return this.leads;
  }

  /** Starts the persistence and restores the saved state. */
  start(): void {
    this.isStarted = true;
    this.store?.tidy();
    this.restore();
  }

  /** Resolves when every state is saved. */
  async settled(): Promise<void> {
    await this.store?.settled();
  }

  /** Restores the notification log of a handler that was added after the start. */
  restoreHandler(name: string): void {
    if (this.isStarted && this.loaded !== undefined) {
      this.parts.channels.restore(this.loaded.notifications, name);
    }
  }

  /** Updates the leadership. Merges the silences of other workers, and as a new leader the notification log. */
  synchronize(): void {
    const { isLeader } = this.options;
    if (isLeader === undefined) return;
    const led = this.leads;
    this.leads = this.callIsLeader(isLeader);
    const now = this.clock.now();
    const shared = this.store?.load(now);
    if (this.parts.silences.merge(shared?.silences ?? [], now)) this.save();
    if (!this.leads) return;
    if (led) {
      // A follower that saved a silence may have read the file before the leader wrote it.
      const isReplaced = this.savedAt !== undefined && shared?.savedAt !== this.savedAt;
      if (isReplaced && !this.store?.isSaving) this.save();
      return;
    }
    this.loaded = shared;
    this.parts.channels.restore(shared?.notifications ?? {});
  }

  /** Discards the time of the last save, after the clock was set back. */
  clockSetBack(): void {
    this.savedAt = undefined;
  }

  /** Saves the state, unless the persistence was not started. */
  save(): void {
    if (this.store === undefined || !this.isStarted) return;
    const { rules, channels, silences } = this.parts;
    const now = this.clock.now();
    if (!this.leads) {
      // The leader alone writes everything but the silences.
      const shared = this.store.load(now) ?? { version: 1, savedAt: now, alerts: {}, notifications: {} };
      this.store.save({ ...shared, silences: silences.all(now) });
      return;
    }
    // Unique, so that the leader recognises its own state.
    this.savedAt = Math.max(now, (this.savedAt ?? 0) + 1);
    this.store.save({
      version: 1,
      savedAt: this.savedAt,
      alerts: Object.fromEntries(
        rules.evaluators().map(({ rule, alerts }) => [storedName(rule), [...alerts.active.values()]]),
      ),
      silences: silences.all(now),
      notifications: channels.notificationLog(),
    });
  }

  /** Restores the saved state. Alerts are held until there are enough samples to evaluate their rules. */
  private restore(): void {
    const now = this.clock.now();
    this.loaded = this.store?.load(now);
    if (this.loaded === undefined) return;
    const { rules, channels, silences } = this.parts;
    silences.restore(this.loaded.silences.filter(({ endsAt }) => endsAt > now));
    // Restored after any outage: a handler that was notified of an alert must be notified of its end.
    channels.restore(this.loaded.notifications);
    const downMs = now - this.loaded.savedAt;
    if (downMs > MAX_OUTAGE_MS) return;
    for (const { rule, alerts } of rules.evaluators()) {
      const heldUntil = this.options.heldUntil(rule, now);
      for (const alert of this.loaded.alerts[storedName(rule)] ?? []) {
        alerts.active.set(keyOf(alert.labels), restored(alert, downMs, heldUntil));
      }
    }
  }

  /** Calls `isLeader()`. The leadership stays unchanged if it throws. */
  private callIsLeader(isLeader: () => boolean): boolean {
    try {
      return isLeader();
    } catch (error) {
      this.options.warn(`isLeader() of alerting failed: ${messageOf(error)}`);
      return this.leads;
    }
  }
}

/** Returns a restored alert. The outage does not count as time in which the alert was pending. */
function restored(alert: ActiveAlert, downMs: number, heldUntil: number): ActiveAlert {
  if (alert.state === 'resolved') return alert;
  const activeAt = alert.state === 'pending' ? alert.activeAt + downMs : alert.activeAt;
  return { ...alert, activeAt, heldUntil };
}

function storedName({ name, severity }: CompiledRule): string {
  return `${name}/${severity}`;
}
