import type { MetricsHistory } from '../query/metrics-history.js';
import type { Clock } from '../metrics/clock.js';
import type { WarningLogger } from '../metrics/registry-options.js';
import { MonitoringOptionsError } from '../options/option-checks.js';
import { resultWithin } from '../primitives/deadline.js';
import { callbackGuard } from '../metrics/error-guards.js';
import type { MetricsRegistry } from '../metrics/registry.js';
import { Guard } from '../primitives/guard.js';
import { messageOf } from '../primitives/error-message.js';
import { SafeLogger } from '../primitives/safe-logger.js';
import { inTimeSlices } from '../primitives/time-slices.js';
import type { Alert, AlertEvent, AlertStatus } from './alert.js';
import type { AlertContext, CauseSource } from './context/alert-context.js';
import { readAlertContext } from './context/alert-context.reader.js';
import { AlertContexts } from './context/alert-contexts.js';
import { AlertProfiles, type ProfileCapture } from './context/alert-profiles.js';
import { AlertingPersistence } from './persistence/alerting-persistence.js';
import { backTest, type BackTestOptions, type BackTestResult } from './evaluation/back-test.js';
import { isDue } from './evaluation/evaluation-schedule.js';
import type { ChannelStatus } from './notifications/channel.js';
import { ChannelRegistry } from './notifications/channel-registry.js';
import type { AlertHandlerOptions } from './notifications/handler.options.js';
import type { InhibitRule } from './notifications/inhibition.js';
import type { AnyAlertHandler } from './notifications/notification.js';
import type { Silence, SilenceRequest, SilenceState } from './notifications/silences.js';
import { Suppression } from './notifications/suppression.js';
import { RuleRegistry } from './evaluation/rule-registry.js';
import { type RuleStatus, statusOf } from './evaluation/rule-status.js';
import type { AlertRule } from './rules/alert-rule.js';
import type { CompiledRule, KnownMetrics } from './rules/compiled-rule.js';
import { prometheusRules, type PrometheusRulesOptions } from './rules/prometheus-rules.js';
import { type ConventionByDomain, conventionOfAll } from '../metrics/conventions/conventions.js';

/** Options of an {@link AlertingMonitor}. */
export interface AlertingMonitorOptions {
  /** Interval between evaluations, in milliseconds, rounded to samples of the history. */
  readonly intervalMs: number;
  /** Rules by which a firing alert suppresses notifications of other alerts. */
  readonly inhibitRules: readonly InhibitRule[];
  /** Path of the file in which the state survives a restart. */
  readonly stateFile: string | undefined;
  /**
   * Returns true in the worker that notifies handlers, of several workers that evaluate the same rules over the same
   * metrics and share the state file. @default this is the only worker
   */
  readonly isLeader?: () => boolean;
  /** Logger of warnings. */
  readonly logger: WarningLogger;
  /** The causes of slow and failed operations, for the context of alerts. @default alerts have no context */
  readonly causes?: CauseSource;
  /** Captures the profiles that rules ask for. @default rules capture none */
  readonly capture?: ProfileCapture;
  /** Registry in which errors of listeners are counted. @default they are only logged */
  readonly registry?: MetricsRegistry;
  /** Conventions of the metrics that Prometheus gets. @default 'prometheus' for all */
  readonly conventions?: ConventionByDomain;
}

/** Time limit of the notifications in flight, and then of closing the handlers, when the application ends. */
const DRAIN_MS = 5_000;

/**
 * A monitor that evaluates alert rules over the history of the metrics and notifies handlers of their alerts. The states
 * of an alert are those of Prometheus: pending, firing, resolved.
 */
export class AlertingMonitor {
  private readonly registry: RuleRegistry;
  private readonly channels: ChannelRegistry;
  private readonly listeners = new Set<(event: AlertEvent) => void>();
  private readonly listenersGuard: Guard;
  private readonly persistence: AlertingPersistence;
  private readonly logger: SafeLogger;
  private readonly contexts: AlertContexts | undefined;
  private readonly profiles: AlertProfiles | undefined;
  private readonly suppression: Suppression;
  private isStarted = false;
  private stopListening: (() => void) | undefined;
  private lastEvaluation = -Infinity;

  constructor(
    private readonly history: MetricsHistory,
    known: KnownMetrics,
    private readonly clock: Clock,
    private readonly options: AlertingMonitorOptions,
  ) {
    const { stateFile, intervalMs, isLeader, logger, registry, causes, capture } = options;
    this.logger = new SafeLogger(logger);
    this.listenersGuard =
      registry === undefined
        ? new Guard((error) => this.warn(`An alert listener failed: ${messageOf(error)}`))
        : callbackGuard(registry, 'alerting.subscribe');
    const warn = (message: string): void => this.warn(message);
    this.registry = new RuleRegistry(history, known, clock);
    const profiles = capture && new AlertProfiles(capture, warn);
    this.profiles = profiles;
    const contexts =
      causes &&
      new AlertContexts(
        (alert, onContext) => this.readContext(alert, causes, onContext),
        new Guard((error) => warn(messageOf(error))),
        profiles,
      );
    this.contexts = contexts;
    this.channels = new ChannelRegistry(intervalMs, clock, {
      warn,
      onDelivered: () => this.persistence.save(),
      onFailed: (handler, error) => registry?.errors?.observe(error, 'alert', handler),
      contexts,
    });
    this.suppression = new Suppression(options.inhibitRules);
    const { silences } = this.suppression;
    const parts = { rules: this.registry, channels: this.channels, silences };
    this.persistence = new AlertingPersistence(parts, clock, {
      stateFile,
      ...(isLeader && { isLeader }),
      heldUntil: (rule, now) => this.heldUntil(rule, now),
      warn,
    });
  }

  /** Interval between evaluations, in milliseconds. */
  get intervalMs(): number {
    return this.options.intervalMs;
  }

  /**
   * Adds a rule. It is evaluated from the next sample on.
   *
   * @throws {MonitoringOptionsError} for an invalid rule or a name in use
   */
  addAlertRule(rule: AlertRule): void {
    this.registry.add(rule);
  }

  /**
   * @internal Calls a function that adds rules: before the first sample if there was none yet, and before anything reads
   * the rules.
   */
  deferRules(add: () => void): void {
    if (this.lastEvaluation === -Infinity) this.registry.defer(add);
    else add();
  }

  /** @internal Adds the rules that were deferred. */
  settleRules(): void {
    this.registry.settle();
  }

  /**
   * Adds a rule, or replaces the one of the same name. The new rule adopts the alerts of the old one.
   *
   * @throws {MonitoringOptionsError} for an invalid rule; the old one stays
   */
  replaceAlertRule(rule: AlertRule): void {
    this.publish(this.registry.replace(rule, this.clock.now()));
  }

  /** Removes a rule and resolves its alerts. @returns true if there was such a rule */
  removeAlertRule(name: string): boolean {
    const events = this.registry.remove(name, this.clock.now());
    this.publish(events ?? []);
    return events !== undefined;
  }

  /**
   * Evaluates a rule over the past samples of the history, and returns the alerts that it would have had. Notifies no
   * handler and changes no state. Yields to the event loop.
   *
   * @param rule a new rule, or the name of an added one
   * @throws {MonitoringOptionsError} for an invalid rule, or if the history has no sample of its metrics
   */
  async backTest(rule: AlertRule | string, options: BackTestOptions = {}): Promise<BackTestResult> {
    const definition = typeof rule === 'string' ? this.registry.definitionOf(rule) : rule;
    if (definition === undefined) {
      const names = this.registry.names();
      throw new MonitoringOptionsError(
        `There is no alert rule named "${String(rule)}". ${names.length === 0 ? 'No rule was added yet' : `Rules: ${names.join(', ')}`}.`,
      );
    }
    const { history, clock, intervalMs } = this;
    return backTest(this.registry.compile(definition), options, { history, clock, intervalMs });
  }

  /**
   * Adds a handler, which is notified of firing and resolved alerts.
   *
   * @returns a function that removes the handler
   * @throws {MonitoringOptionsError} for invalid options or a name in use
   */
  addAlertHandler(handler: AnyAlertHandler, options: AlertHandlerOptions = {}): () => void {
    const { name, remove } = this.channels.add(handler, options);
    this.persistence.restoreHandler(name);
    return remove;
  }

  /**
   * Prepares the handlers that were added before the start, for at most 5 s. The application calls it before it serves.
   *
   * @throws {MonitoringOptionsError} if a handler cannot work, such as `EmailAlertHandler` without `nodemailer`
   */
  async openHandlers(): Promise<void> {
    await this.channels.open();
  }

  /** Calls a listener at every state change of an alert. @returns a function that ends the subscription */
  subscribe(listener: (event: AlertEvent) => void): () => void {
    const own = (event: AlertEvent): void => listener(event);
    this.listeners.add(own);
    return () => {
      this.listeners.delete(own);
    };
  }

  /**
   * Adds a silence: handlers are not notified of matching alerts while it is active.
   *
   * @throws {MonitoringOptionsError} if it matches every alert
   */
  silence(request: SilenceRequest): Silence {
    const silence = this.suppression.silences.add(request, this.clock.now());
    this.persistence.save();
    return silence;
  }

  /** Ends a silence. @returns true if there was a silence with this id that had not expired */
  expireSilence(id: string): boolean {
    const expired = this.suppression.silences.expire(id, this.clock.now());
    if (expired) this.persistence.save();
    return expired;
  }

  /** Returns every silence, those that expired in the last day included. */
  silences(): (Silence & { readonly state: SilenceState })[] {
    return this.suppression.silences.all(this.clock.now());
  }

  /** Returns the notification status of an alert, as of the last evaluation. */
  statusOf(alert: Alert): AlertStatus {
    return this.suppression.statusOf(alert, this.clock.now());
  }

  /** Returns the status of every rule. A service level has one entry for each severity. */
  rules(): RuleStatus[] {
    return this.registry.evaluators().map((evaluator) => statusOf(evaluator));
  }

  /** Returns every pending and firing alert, and those resolved in the last 15 minutes. */
  alerts(): Alert[] {
    return this.registry.alerts();
  }

  /** Returns the context of a firing alert, which is read before its first notification; undefined until then. */
  contextOf(alert: Alert): AlertContext | undefined {
    return this.contexts?.of(alert);
  }

  /** Returns the delivery status of every handler. */
  handlers(): ChannelStatus[] {
    return this.channels.statuses();
  }

  /**
   * Returns the rules as a Prometheus rule file in YAML. They fire in Prometheus as they do here, with one difference:
   * here a series counts from zero at its creation. Prometheus counts from its first scrape and misses earlier
   * increments, unless it runs with `--enable-feature=created-timestamp-zero-ingestion` and the application has the option
   * `createdTimestamps` of `exporters.prometheus`.
   *
   * @throws {MonitoringOptionsError} for invalid options
   */
  toPrometheusRules(options: PrometheusRulesOptions = {}): string {
    const { intervalMs, conventions = conventionOfAll('prometheus') } = this.options;
    const rules = this.registry.evaluators().map(({ rule }) => rule);
    return prometheusRules(rules, intervalMs, conventions, options);
  }

  /**
   * Starts to evaluate the rules with the samples of the history.
   *
   * @throws {MonitoringOptionsError} if the metric of a rule does not exist
   */
  start(): void {
    if (this.isStarted) return;
    this.registry.start();
    this.isStarted = true;
    this.persistence.start();
    this.stopListening = this.history.onSample((timestamp) => this.onSample(timestamp));
  }

  /** Stops the evaluation. Waits briefly for the notifications in flight, and saves the state. */
  async stop(): Promise<void> {
    this.stopListening?.();
    this.stopListening = undefined;
    await resultWithin(this.channels.settled(), DRAIN_MS);
    this.persistence.save();
    await resultWithin(this.channels.close(), DRAIN_MS);
    await this.persistence.settled();
    this.registry.release();
  }

  /** Evaluates every rule at a time, and notifies the handlers. @returns the state changes of alerts */
  evaluate(at: number): AlertEvent[] {
    this.lastEvaluation = at;
    const events = this.registry.evaluators().flatMap((evaluator) => {
      const { lastError } = evaluator;
      const changes = evaluator.evaluate(at);
      if (evaluator.lastError !== undefined && lastError === undefined) {
        this.warn(`Alert rule ${evaluator.rule.name} failed to evaluate: ${evaluator.lastError}`);
      }
      return changes;
    });
    this.persistence.synchronize();
    this.publish(events);
    const alerts = this.alerts();
    this.suppression.update(alerts);
    if (this.persistence.isLeader) {
      this.collect(events, at);
      this.notify(alerts, at);
    }
    this.registry.removeExpiredOrphans(at);
    return events;
  }

  /** Resolves when no notification is queued or in flight, and the state is saved. */
  async settled(): Promise<void> {
    await this.channels.settled();
    await this.persistence.settled();
  }

  private async readContext(
    alert: Alert,
    causes: CauseSource,
    onContext: (context: AlertContext) => void,
  ): Promise<void> {
    const rule = this.registry.evaluators().find((evaluator) => isAlertOf(evaluator.rule, alert))?.rule;
    if (rule === undefined) return;
    await inTimeSlices(readAlertContext(alert, rule, this.lastEvaluation, this.history, causes, onContext));
  }

  private onSample(timestamp: number): void {
    if (timestamp < this.lastEvaluation) {
      this.shiftTimes(this.lastEvaluation + this.history.intervalMs - timestamp, timestamp);
    }
    if (isDue(timestamp, this.lastEvaluation, this.intervalMs, this.history.intervalMs))
      this.evaluate(timestamp);
  }

  /**
   * Moves every recorded time into the past, after the wall clock was set back. The history has no samples then, so
   * that alerts are held until it has.
   */
  private shiftTimes(ms: number, now: number): void {
    this.lastEvaluation -= ms;
    for (const { rule, alerts } of this.registry.evaluators())
      alerts.shiftTimes(ms, this.heldUntil(rule, now));
    this.channels.shiftTimes(ms);
    this.persistence.clockSetBack();
  }

  /** Returns the time until which an alert is held without data. */
  private heldUntil({ longestWindowMs }: CompiledRule, now: number): number {
    return now + longestWindowMs + 2 * this.options.intervalMs;
  }

  /** Captures the profiles of the rules whose alerts begin to fire, unless they are suppressed. */
  private collect(events: readonly AlertEvent[], at: number): void {
    if (this.profiles === undefined) return;
    const fired = events
      .filter(({ type, alert }) => type === 'firing' && !this.suppression.isSuppressed(alert, at))
      .map(({ alert }) => alert);
    if (fired.length === 0) return;
    for (const { rule } of this.registry.evaluators()) {
      const { name, collection } = rule;
      if (collection === undefined) continue;
      const own = fired.filter((alert) => isAlertOf(rule, alert));
      this.profiles.collect(name, own, collection, at);
    }
  }

  private notify(alerts: readonly Alert[], at: number): void {
    const isSuppressed = (alert: Alert): boolean => this.suppression.isSuppressed(alert, at);
    const uncertain = this.registry.evaluators().filter(({ certainty }) => certainty !== 'all');
    const firing = new Set(
      alerts.filter(({ state }) => state === 'firing').map(({ fingerprint }) => fingerprint),
    );
    const isUncertain = (alert: Alert): boolean =>
      uncertain.some(
        ({ rule, certainty }) =>
          isAlertOf(rule, alert) && (certainty === 'none' || !firing.has(alert.fingerprint)),
      );
    this.channels.update(alerts, { isSuppressed, isUncertain }, at);
  }

  private publish(events: readonly AlertEvent[]): void {
    for (const event of events) this.listenersGuard.callEach(this.listeners, event);
    if (events.length > 0 && this.persistence.isLeader) this.persistence.save();
  }

  private warn(message: string): void {
    this.logger.warn(message);
  }
}

/** Returns true for an alert of a rule. The rules of a service level have its name, and each has another severity. */
function isAlertOf({ name, severity }: CompiledRule, alert: Alert): boolean {
  return alert.rule === name && alert.severity === severity;
}
