import type { MetricsHistory } from '../query/metrics-history.js';
import type { Clock } from '../metrics/clock.js';
import type { WarningLogger } from '../metrics/registry.js';
import { MonitoringOptionsError } from '../options/option-checks.js';
import { Guard } from '../primitives/guard.js';
import { messageOf } from '../primitives/message-of.js';
import { SafeLogger } from '../primitives/safe-logger.js';
import type { Alert, AlertEvent, AlertStatus } from './alert.js';
import { AlertStore } from './alert-store.js';
import type { AlertingMemory } from './alerting-memory.js';
import { backTest, type BackTestOptions, type BackTestResult } from './back-test.js';
import { isDue } from './evaluation-beat.js';
import type { ChannelStatus } from './notifications/channel.js';
import { HandlerChannels } from './notifications/handler-channels.js';
import type { AlertHandlerOptions } from './notifications/handler.options.js';
import { inhibition, type InhibitRule } from './notifications/inhibition.js';
import type { AnyAlertHandler } from './notifications/notification.js';
import { type Silence, type SilenceRequest, Silences, type SilenceState } from './notifications/silences.js';
import { RuleBook } from './rule-book.js';
import type { ActiveAlert } from './rule-state.js';
import { type RuleStatus, statusOf } from './rule-status.js';
import type { AlertRule } from './rules/alert-rule.js';
import type { CompiledRule, KnownMetrics } from './rules/compiled-rule.js';
import { keyOf } from '../query/expression.js';
import { prometheusRules } from './rules/prometheus-rules.js';

/** How the alerting of an application works. */
export interface AlertingMonitorOptions {
  /** How often rules are evaluated, in milliseconds: at every sample of the history, or every so many. */
  readonly intervalMs: number;
  readonly inhibitRules: readonly InhibitRule[];
  /** Where alerts are kept over a restart. */
  readonly stateFile: string | undefined;
  /**
   * Whether this worker tells the handlers, of several that evaluate the same rules over the same metrics and share
   * the file. @default this is the only one
   */
  readonly isLeader?: () => boolean;
  readonly logger: WarningLogger;
}

/** Alerts from before a longer outage than this say nothing about now. */
const OUTAGE_TOLERANCE_MS = 3_600_000;
/** How long what is being told, and then the closing of the handlers, may take when the application ends. */
const DRAIN_MS = 5_000;

/**
 * Evaluates rules over the history of the metrics and tells handlers what came of them. A rule goes from inactive to
 * pending, firing and resolved as in Prometheus.
 */
export class AlertingMonitor {
  private readonly book: RuleBook;
  private readonly channels: HandlerChannels;
  private readonly listeners = new Set<(event: AlertEvent) => void>();
  private readonly guard = new Guard((error) =>
    this.warn(`A listener to alerts failed: ${messageOf(error)}`),
  );
  private readonly store: AlertStore | undefined;
  private readonly logger: SafeLogger;
  private readonly silenced = new Silences();
  private memory: AlertingMemory | undefined;
  private stopListening: (() => void) | undefined;
  private startedAt: number | undefined;
  private lastEvaluation = -Infinity;
  private leads: boolean;
  /** Time of the last state that this process saved as the leader. */
  private savedAt: number | undefined;
  /** As of the last evaluation. */
  private inhibitorsOf = inhibition([], []);

  constructor(
    private readonly history: MetricsHistory,
    known: KnownMetrics,
    private readonly clock: Clock,
    private readonly options: AlertingMonitorOptions,
  ) {
    const { stateFile, intervalMs, isLeader, logger } = options;
    this.logger = new SafeLogger(logger);
    const warn = (message: string): void => this.warn(message);
    this.book = new RuleBook(history, known, clock);
    this.channels = new HandlerChannels(intervalMs, warn, () => this.save());
    this.store = stateFile === undefined ? undefined : new AlertStore(stateFile, warn);
    this.leads = isLeader === undefined;
  }

  /** How often rules are evaluated, in milliseconds. */
  get intervalMs(): number {
    return this.options.intervalMs;
  }

  /**
   * Adds a rule, which is evaluated from the next sample on.
   *
   * @throws {MonitoringOptionsError} if it cannot work, or if there is a rule of this name
   */
  addAlertRule(rule: AlertRule): void {
    this.book.add(rule);
  }

  /**
   * Puts a rule in the place of the one of the same name, if there is one, and hands its alerts on to it.
   *
   * @throws {MonitoringOptionsError} if it cannot work; the one before is then still there
   */
  replaceAlertRule(rule: AlertRule): void {
    this.publish(this.book.replace(rule, this.clock.now()));
  }

  /**
   * Removes a rule; what of it fires is resolved.
   *
   * @returns whether there was such a rule
   */
  removeAlertRule(name: string): boolean {
    const events = this.book.remove(name, this.clock.now());
    this.publish(events ?? []);
    return events !== undefined;
  }

  /**
   * Tries a rule on what the history still holds: what it would have done, had it been there. Nobody is told, and
   * nothing is kept of it. It takes turns with the application.
   *
   * @param rule one that is not there yet, or the name of one that is
   * @throws {MonitoringOptionsError} if the rule cannot work, or the history has no sample of its metrics
   */
  async backTest(rule: AlertRule | string, options: BackTestOptions = {}): Promise<BackTestResult> {
    const given = typeof rule === 'string' ? this.book.given(rule) : rule;
    if (given === undefined) throw new MonitoringOptionsError(`There is no alert rule "${String(rule)}".`);
    const { history, clock, intervalMs } = this;
    return backTest(this.book.compiled(given), options, { history, clock, intervalMs });
  }

  /**
   * Adds somebody who is told of alerts that fire and of those that are over.
   *
   * @returns how to take them out again
   * @throws {MonitoringOptionsError} for options that cannot work, or a name that is taken
   */
  addAlertHandler(handler: AnyAlertHandler, options: AlertHandlerOptions = {}): () => void {
    const { name, remove } = this.channels.add(handler, options);
    if (this.startedAt !== undefined && this.memory !== undefined) {
      this.channels.restore(this.memory.told, name);
    }
    return remove;
  }

  /** Calls back whenever an alert becomes pending, fires, is resolved or cleared. @returns how to end that */
  subscribe(listener: (event: AlertEvent) => void): () => void {
    const own = (event: AlertEvent): void => listener(event);
    this.listeners.add(own);
    return () => {
      this.listeners.delete(own);
    };
  }

  /**
   * Keeps handlers from being told of some alerts for a while.
   *
   * @throws {MonitoringOptionsError} if it would match everything
   */
  silence(request: SilenceRequest): Silence {
    const silence = this.silenced.add(request, this.clock.now());
    this.save();
    return silence;
  }

  /** Ends a silence. @returns whether there was one that had not expired yet */
  expireSilence(id: string): boolean {
    const expired = this.silenced.expire(id, this.clock.now());
    if (expired) this.save();
    return expired;
  }

  /** Every silence, also those that expired in the last day. */
  silences(): (Silence & { readonly state: SilenceState })[] {
    return this.silenced.all(this.clock.now());
  }

  /** The silence that keeps an alert quiet now. */
  silenceOf({ labels }: Pick<Alert, 'labels'>): Silence | undefined {
    return this.silenced.of(labels, this.clock.now())[0];
  }

  /** Whether handlers are told of an alert, and if not, why: as of the last evaluation. */
  statusOf(alert: Alert): AlertStatus {
    const silencedBy = this.silenced.of(alert.labels, this.clock.now()).map(({ id }) => id);
    const inhibitedBy = this.inhibitorsOf(alert).map(({ fingerprint }) => fingerprint);
    const isSuppressed = silencedBy.length + inhibitedBy.length > 0;
    return { state: isSuppressed ? 'suppressed' : 'active', silencedBy, inhibitedBy };
  }

  /** Every rule, one entry for each severity of a service level. */
  rules(): RuleStatus[] {
    return this.book.evaluators().map((evaluator) => statusOf(evaluator));
  }

  /** Every alert that is pending or fires, and those that were resolved in the last quarter of an hour. */
  alerts(): Alert[] {
    return this.book.alerts();
  }

  /** How it goes with telling the handlers. */
  handlers(): ChannelStatus[] {
    return this.channels.statuses();
  }

  /**
   * The rules as a rule file of Prometheus, in YAML, which fire there as they do here; but for one thing: here a series
   * counts from zero at its creation, while Prometheus counts it from its first scrape on and misses what was counted
   * before that, unless it runs with `--enable-feature=created-timestamp-zero-ingestion`.
   */
  toPrometheusRules({ group = 'nestjs-monitoring' }: { readonly group?: string } = {}): string {
    return prometheusRules(
      group,
      this.options.intervalMs,
      this.book.evaluators().map(({ rule }) => rule),
    );
  }

  /**
   * Begins to evaluate the rules with every sample of the history.
   *
   * @throws {MonitoringOptionsError} if a rule is about a metric that does not exist
   */
  start(): void {
    if (this.startedAt !== undefined) return;
    this.book.open();
    this.startedAt = this.clock.now();
    this.store?.tidy();
    this.restore();
    this.stopListening = this.history.onSample((timestamp) => this.onSample(timestamp));
  }

  /** Ends it: what is being told is given a little time, and the state is saved. */
  async stop(): Promise<void> {
    this.stopListening?.();
    this.stopListening = undefined;
    await within(DRAIN_MS, this.channels.settled());
    this.save();
    await within(DRAIN_MS, this.channels.close());
    await this.store?.settled();
    this.book.end();
  }

  /** Evaluates every rule as of a moment, and tells the handlers. */
  evaluate(at: number): AlertEvent[] {
    this.lastEvaluation = at;
    const events = this.book.evaluators().flatMap((evaluator) => {
      const { lastError } = evaluator;
      const found = evaluator.evaluate(at);
      if (evaluator.lastError !== undefined && lastError === undefined) {
        this.warn(`The alert rule ${evaluator.rule.name} cannot be evaluated: ${evaluator.lastError}`);
      }
      return found;
    });
    this.share();
    this.publish(events);
    const alerts = this.alerts();
    this.inhibitorsOf = inhibition(this.options.inhibitRules, alerts);
    if (this.leads) this.tell(alerts, at);
    this.book.forgetOrphans(at);
    return events;
  }

  /** Resolves when every handler was told what it is to know now. */
  async settled(): Promise<void> {
    await this.channels.settled();
    await this.store?.settled();
  }

  private onSample(timestamp: number): void {
    if (timestamp < this.lastEvaluation) {
      this.setBack(this.lastEvaluation + this.history.intervalMs - timestamp, timestamp);
    }
    if (isDue(timestamp, this.lastEvaluation, this.intervalMs, this.history.intervalMs))
      this.evaluate(timestamp);
  }

  /**
   * The clock was set back: the times that were noted go with it, and alerts are kept until the history, which has
   * forgotten everything, knows better.
   */
  private setBack(ms: number, now: number): void {
    this.lastEvaluation -= ms;
    for (const { rule, state } of this.book.evaluators()) state.setBack(ms, this.heldUntil(rule, now));
    this.channels.setBack(ms);
    this.savedAt = undefined;
  }

  /** Until when an alert is kept of which nothing is known yet. */
  private heldUntil({ longestWindowMs }: CompiledRule, now: number): number {
    return now + longestWindowMs + 2 * this.options.intervalMs;
  }

  /** Finds out who leads, what that one has told, and what others have silenced. */
  private share(): void {
    const { isLeader } = this.options;
    if (isLeader === undefined) return;
    const led = this.leads;
    this.leads = this.asksToLead(isLeader);
    const now = this.clock.now();
    const shared = this.store?.load(now);
    if (this.silenced.merge(shared?.silences ?? [], now)) this.save();
    if (!this.leads) return;
    if (led) {
      // A follower that saved a silence meanwhile may have read the file before the leader wrote it.
      if (this.savedAt !== undefined && shared?.savedAt !== this.savedAt && !this.store?.isSaving)
        this.save();
      return;
    }
    this.memory = shared;
    this.channels.restore(shared?.told ?? {});
  }

  /** What cannot be told stays as it was. */
  private asksToLead(isLeader: () => boolean): boolean {
    try {
      return isLeader();
    } catch (error) {
      this.warn(`isLeader() of the alerting failed: ${messageOf(error)}`);
      return this.leads;
    }
  }

  private tell(alerts: readonly Alert[], at: number): void {
    const isMuted = (alert: Alert): boolean =>
      this.silenced.of(alert.labels, at).length > 0 || this.inhibitorsOf(alert).length > 0;
    // What failed to be evaluated is not told of: nobody knows whether it is still so.
    const failing = new Set(
      this.book
        .evaluators()
        .filter(({ health }) => health === 'err')
        .map(({ rule }) => rule.name),
    );
    this.channels.offer(alerts, { isMuted, isUncertain: ({ rule }) => failing.has(rule) }, at);
  }

  private publish(events: readonly AlertEvent[]): void {
    for (const event of events) this.guard.callEach(this.listeners, event);
    if (events.length > 0 && this.leads) this.save();
  }

  private save(): void {
    if (this.store === undefined || this.startedAt === undefined) return;
    if (!this.leads) {
      // Everything else is what the one who leads has saved.
      const now = this.clock.now();
      const shared = this.store.load(now) ?? { version: 1, savedAt: now, alerts: {}, told: {} };
      this.store.save({ ...shared, silences: this.silences() });
      return;
    }
    // Never the same twice, so that the leader recognises its own state.
    this.savedAt = Math.max(this.clock.now(), (this.savedAt ?? 0) + 1);
    this.store.save({
      version: 1,
      savedAt: this.savedAt,
      alerts: Object.fromEntries(
        this.book.evaluators().map(({ rule, state }) => [storedName(rule), [...state.active.values()]]),
      ),
      silences: this.silences(),
      told: this.channels.told(),
    });
  }

  /** Puts back the alerts of before a restart, and keeps them until there are samples enough to know better. */
  private restore(): void {
    const now = this.clock.now();
    this.memory = this.store?.load(now);
    if (this.memory === undefined) return;
    this.silenced.restore(this.memory.silences.filter(({ endsAt }) => endsAt > now));
    // Whoever was told of an alert is told of its end, however long that takes.
    this.channels.restore(this.memory.told);
    const downMs = now - this.memory.savedAt;
    if (downMs > OUTAGE_TOLERANCE_MS) return;
    for (const { rule, state } of this.book.evaluators()) {
      const heldUntil = this.heldUntil(rule, now);
      for (const alert of this.memory.alerts[storedName(rule)] ?? []) {
        state.active.set(keyOf(alert.labels), restored(alert, downMs, heldUntil));
      }
    }
  }

  private warn(message: string): void {
    this.logger.warn(message);
  }
}

/** The time in which nobody looked does not count as time in which an alert was pending. */
function restored(alert: ActiveAlert, downMs: number, heldUntil: number): ActiveAlert {
  if (alert.state === 'resolved') return alert;
  const activeAt = alert.state === 'pending' ? alert.activeAt + downMs : alert.activeAt;
  return { ...alert, activeAt, heldUntil };
}

function storedName({ name, severity }: CompiledRule): string {
  return `${name}/${severity}`;
}

/** Resolves when the promise does, or the time is over. */
async function within(ms: number, promise: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const over = new Promise((resolve) => (timer = setTimeout(resolve, ms)));
  await Promise.race([promise, over]).finally(() => clearTimeout(timer));
}
