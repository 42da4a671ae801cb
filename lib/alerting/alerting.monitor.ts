import type { MetricsHistory } from '../history/metrics-history.js';
import type { Clock } from '../metrics/clock.js';
import type { WarningLogger } from '../metrics/registry.js';
import { expectOption, MonitoringOptionsError } from '../options/option-checks.js';
import { type Alert, type AlertEvent } from './alert.js';
import { type AlertingMemory, AlertStore } from './alert-store.js';
import type { Channel, ChannelStatus } from './notifications/channel.js';
import { type AlertHandlerOptions, resolveHandlerOptions } from './notifications/handler.options.js';
import { inhibition, type InhibitRule } from './notifications/inhibition.js';
import { NotificationChannel } from './notifications/notification-channel.js';
import type { AnyAlertHandler, NotificationHandler } from './notifications/notification.js';
import { type Silence, type SilenceRequest, Silences, type SilenceState } from './notifications/silences.js';
import { StateChannel } from './notifications/state-channel.js';
import { type RuleEvaluator, type RuleHealth, RuleSet } from './rule-evaluator.js';
import type { ActiveAlert } from './rule-state.js';
import type { AlertRule, Severity } from './rules/alert-rule.js';
import type { CompiledRule, KnownMetrics } from './rules/compiled-rule.js';
import { keyOf } from './rules/expression.js';
import { prometheusRules } from './rules/prometheus-rules.js';
import { assertKnown } from './rules/rule-compiler.js';

/** How the alerting of an application works. */
export interface AlertingMonitorOptions {
  /** How often rules are evaluated, in milliseconds: at every sample of the history, or every so many. */
  readonly intervalMs: number;
  readonly inhibitRules: readonly InhibitRule[];
  /** Where alerts are kept over a restart. */
  readonly stateFile: string | undefined;
  readonly logger: WarningLogger;
}

/** A rule and how it goes with it. */
export interface RuleStatus {
  readonly name: string;
  readonly severity: Severity;
  readonly state: 'inactive' | 'pending' | 'firing';
  /** `err` if the last evaluation failed. */
  readonly health: RuleHealth;
  readonly lastError?: string;
  /** In PromQL. */
  readonly expression: string;
  readonly forMs: number;
  readonly keepFiringForMs: number;
  /** Milliseconds since the Unix epoch; undefined before the first. */
  readonly lastEvaluation?: number;
  readonly evaluationSeconds: number;
  readonly evaluations: number;
  readonly failures: number;
  readonly rule: CompiledRule;
  readonly alerts: readonly Alert[];
}

/** Alerts from before a longer outage than this say nothing about now. */
const OUTAGE_TOLERANCE_MS = 3_600_000;
/** How long what is being told may take when the application ends. */
const DRAIN_MS = 5_000;

/**
 * Evaluates rules over the history of the metrics and tells handlers what came of them. A rule goes from inactive to
 * pending, firing and resolved as in Prometheus.
 */
export class AlertingMonitor {
  private readonly sets = new Map<string, RuleSet>();
  private readonly channels = new Map<string, Channel>();
  private readonly listeners = new Set<(event: AlertEvent) => void>();
  private readonly store: AlertStore | undefined;
  private readonly silenced = new Silences();
  private memory: AlertingMemory | undefined;
  private stopListening: (() => void) | undefined;
  private startedAt: number | undefined;
  private lastEvaluation = -Infinity;
  /** Alerts of rules that were removed, as long as handlers may not know that they are over. */
  private orphans: Alert[] = [];

  constructor(
    private readonly history: MetricsHistory,
    private readonly known: KnownMetrics,
    private readonly clock: Clock,
    private readonly options: AlertingMonitorOptions,
  ) {
    const { stateFile } = options;
    this.store =
      stateFile === undefined ? undefined : new AlertStore(stateFile, (message) => this.warn(message));
  }

  get intervalMs(): number {
    return this.options.intervalMs;
  }

  /**
   * Adds a rule, which is evaluated from the next sample on.
   *
   * @throws {MonitoringOptionsError} if it cannot work, or if there is a rule of this name
   */
  addAlertRule(rule: AlertRule): void {
    const set = this.compile(rule);
    if (this.sets.has(rule.name)) {
      set.end();
      throw new MonitoringOptionsError(
        `There is an alert rule "${rule.name}" already. Replace it with replaceAlertRule(), or choose another name.`,
      );
    }
    this.sets.set(rule.name, set);
  }

  /**
   * Puts a rule in the place of the one of the same name, if there is one, and hands its alerts on to it.
   *
   * @throws {MonitoringOptionsError} if it cannot work; the one before is then still there
   */
  replaceAlertRule(rule: AlertRule): void {
    const set = this.compile(rule);
    const previous = this.sets.get(rule.name);
    const now = this.clock.now();
    for (const { state } of set.evaluators) {
      const same = previous?.evaluators.find(({ rule: { severity } }) => severity === state.rule.severity);
      if (same !== undefined) state.takeOver(same.state, now);
    }
    if (previous !== undefined) {
      const severities = new Set(set.evaluators.map((evaluator) => evaluator.rule.severity));
      this.retire(
        previous.evaluators.filter((evaluator) => !severities.has(evaluator.rule.severity)),
        now,
      );
      previous.end();
    }
    this.sets.set(rule.name, set);
  }

  /**
   * Removes a rule; what of it fires is resolved.
   *
   * @returns whether there was such a rule
   */
  removeAlertRule(name: string): boolean {
    const set = this.sets.get(name);
    if (set === undefined) return false;
    this.sets.delete(name);
    this.retire(set.evaluators, this.clock.now());
    set.end();
    return true;
  }

  /**
   * Adds somebody who is told of alerts that fire and of those that are over.
   *
   * @returns how to take them out again
   * @throws {MonitoringOptionsError} for options that cannot work, or a name that is taken
   */
  addAlertHandler(handler: AnyAlertHandler, options: AlertHandlerOptions = {}): () => void {
    const named = namedHandler(handler, options.name, this.channels);
    const owner = `the options of the alert handler ${named.name}`;
    const resolved = resolveHandlerOptions(owner, options);
    if (this.channels.has(named.name)) {
      throw new MonitoringOptionsError(
        `There is an alert handler "${named.name}" already. Give one of them another name.`,
      );
    }
    const warn = (message: string): void => this.warn(message);
    const channel =
      'send' in named
        ? new StateChannel(named, resolved, this.options.intervalMs, warn)
        : new NotificationChannel(
            named,
            typeof handler === 'function'
              ? resolved
              : { ...resolved, groupBy: resolved.groupBy ?? ['alertname'] },
            warn,
            () => this.save(),
          );
    this.channels.set(named.name, channel);
    if (this.startedAt !== undefined) this.restoreTold(named.name, channel);
    return () => {
      if (this.channels.get(named.name) !== channel) return;
      this.channels.delete(named.name);
      void channel.close();
    };
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
    return this.silenced.of(labels, this.clock.now());
  }

  /** Every rule, one entry for each severity of a service level. */
  rules(): RuleStatus[] {
    return this.evaluators().map((evaluator) => statusOf(evaluator));
  }

  /** Every alert that is pending or fires, and those that were resolved in the last quarter of an hour. */
  alerts(): Alert[] {
    return [...this.evaluators().flatMap(({ state }) => state.alerts()), ...this.orphans];
  }

  /** How it goes with telling the handlers. */
  handlers(): ChannelStatus[] {
    return [...this.channels.values()].map(({ status }) => status);
  }

  /** The rules as a rule file of Prometheus, in YAML, which fire there as they do here. */
  toPrometheusRules({ group = 'nestjs-monitoring' }: { readonly group?: string } = {}): string {
    return prometheusRules(
      group,
      this.options.intervalMs,
      this.evaluators().map(({ rule }) => rule),
    );
  }

  /**
   * Begins to evaluate the rules with every sample of the history.
   *
   * @throws {MonitoringOptionsError} if a rule is about a metric that does not exist
   */
  start(): void {
    if (this.startedAt !== undefined) return;
    for (const { rule } of this.evaluators()) assertKnown(rule, this.known);
    this.startedAt = this.clock.now();
    // Histograms may have come into being since the rules were given, and are computed otherwise.
    for (const [name, { given }] of this.sets) {
      this.sets.get(name)?.end();
      this.sets.set(name, this.compile(given));
    }
    this.restore();
    this.stopListening = this.history.onSample((timestamp) => this.onSample(timestamp));
  }

  /** Ends it: what is being told is given a little time, and the state is saved. */
  async stop(): Promise<void> {
    this.stopListening?.();
    this.stopListening = undefined;
    const channels = [...this.channels.values()];
    await within(DRAIN_MS, Promise.all(channels.map((channel) => channel.settled())));
    this.save();
    await Promise.all(
      channels.map((channel) =>
        channel
          .close()
          .catch((error: unknown) => this.warn(`An alert handler did not close: ${String(error)}`)),
      ),
    );
    await this.store?.settled();
    for (const set of this.sets.values()) set.end();
  }

  /** Evaluates every rule as of a moment, and tells the handlers. */
  evaluate(at: number): AlertEvent[] {
    this.lastEvaluation = at;
    const events = this.evaluators().flatMap((evaluator) => {
      const { lastError } = evaluator;
      const found = evaluator.evaluate(at);
      if (evaluator.lastError !== undefined && lastError === undefined) {
        this.warn(`The alert rule ${evaluator.rule.name} cannot be evaluated: ${evaluator.lastError}`);
      }
      return found;
    });
    this.publish(events);
    this.tell(at);
    return events;
  }

  /** Resolves when every handler was told what it is to know now. */
  async settled(): Promise<void> {
    await Promise.all([...this.channels.values()].map((channel) => channel.settled()));
    await this.store?.settled();
  }

  private onSample(timestamp: number): void {
    // A timer that is a little early must not cost a whole interval.
    if (timestamp - this.lastEvaluation >= this.options.intervalMs - this.history.intervalMs / 2) {
      this.evaluate(timestamp);
    }
  }

  private tell(at: number): void {
    const alerts = this.alerts();
    const isInhibited = inhibition(this.options.inhibitRules, alerts);
    const isMuted = (alert: Alert): boolean =>
      this.silenced.of(alert.labels, at) !== undefined || isInhibited(alert);
    // What failed to be evaluated is not told of: nobody knows whether it is still so.
    const failing = new Set(
      this.evaluators()
        .filter(({ health }) => health === 'err')
        .map(({ rule }) => rule.name),
    );
    for (const channel of this.channels.values()) {
      const own = channel instanceof StateChannel ? alerts.filter(({ rule }) => !failing.has(rule)) : alerts;
      channel.offer(own, isMuted, at);
    }
    this.orphans = this.orphans.filter(({ resolvedAt = at }) => at - resolvedAt <= 15 * 60_000);
  }

  private publish(events: readonly AlertEvent[]): void {
    for (const event of events) {
      for (const listener of this.listeners) {
        try {
          listener(event);
        } catch (error) {
          this.warn(`A listener to alerts failed: ${String(error)}`);
        }
      }
    }
    if (events.length > 0) this.save();
  }

  private retire(evaluators: readonly RuleEvaluator[], at: number): void {
    for (const { state } of evaluators) {
      this.publish(state.end(at));
      this.orphans.push(...state.alerts().filter(({ firedAt }) => firedAt !== undefined));
    }
  }

  private compile(rule: AlertRule): RuleSet {
    const set = new RuleSet(rule, this.known, this.history, this.clock);
    try {
      if (this.startedAt !== undefined)
        for (const evaluator of set.evaluators) assertKnown(evaluator.rule, this.known);
    } catch (error) {
      set.end();
      throw error;
    }
    return set;
  }

  private evaluators(): RuleEvaluator[] {
    return [...this.sets.values()].flatMap(({ evaluators }) => evaluators);
  }

  private save(): void {
    if (this.store === undefined || this.startedAt === undefined) return;
    const told = [...this.channels].flatMap(([name, channel]) =>
      channel instanceof NotificationChannel ? [[name, channel.told()] as const] : [],
    );
    this.store.save({
      version: 1,
      savedAt: this.clock.now(),
      alerts: Object.fromEntries(
        this.evaluators().map(({ rule, state }) => [storedName(rule), [...state.active.values()]]),
      ),
      silences: this.silences(),
      told: Object.fromEntries(told),
    });
  }

  /** Puts back the alerts of before a restart, and keeps them until there are samples enough to know better. */
  private restore(): void {
    this.memory = this.store?.load();
    if (this.memory === undefined) return;
    const now = this.clock.now();
    this.silenced.restore(this.memory.silences.filter(({ endsAt }) => endsAt > now));
    const downMs = now - this.memory.savedAt;
    if (downMs < 0 || downMs > OUTAGE_TOLERANCE_MS) return;
    for (const { rule, state } of this.evaluators()) {
      const heldUntil = now + rule.longestWindowMs + 2 * this.options.intervalMs;
      for (const alert of this.memory.alerts[storedName(rule)] ?? []) {
        state.active.set(keyOf(alert.labels), restored(alert, downMs, heldUntil));
      }
    }
    for (const [name, channel] of this.channels) this.restoreTold(name, channel);
  }

  private restoreTold(name: string, channel: Channel): void {
    const told = this.memory?.told[name];
    if (told !== undefined && channel instanceof NotificationChannel) channel.restore(told, this.alerts());
  }

  private warn(message: string): void {
    try {
      this.options.logger.warn(message);
    } catch {
      // There is nowhere left to say so.
    }
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

function statusOf(evaluator: RuleEvaluator): RuleStatus {
  const { rule, state, health, lastError, lastEvaluation, evaluationSeconds, evaluations, failures } =
    evaluator;
  return {
    name: rule.name,
    severity: rule.severity,
    state: state.state,
    health,
    ...(lastError !== undefined && { lastError }),
    expression: evaluator.expression,
    forMs: rule.forMs,
    keepFiringForMs: rule.keepFiringForMs,
    ...(lastEvaluation !== undefined && { lastEvaluation }),
    evaluationSeconds,
    evaluations,
    failures,
    rule,
    alerts: state.alerts(),
  };
}

/** The handler under its name, as one that is told of groups. */
function namedHandler(
  handler: AnyAlertHandler,
  given: string | undefined,
  taken: ReadonlyMap<string, unknown>,
): Exclude<AnyAlertHandler, (...args: never[]) => unknown> {
  if (given !== undefined) {
    expectOption(
      'the name of an alert handler',
      given,
      'a text that is not empty',
      typeof given === 'string' && given !== '',
    );
  }
  if (typeof handler === 'function') {
    const name = given ?? freeName(handler.name || 'handler', taken);
    return {
      name,
      async notify({ alerts }: Parameters<NotificationHandler['notify']>[0], signal: AbortSignal) {
        for (const alert of alerts) await handler(alert, signal);
      },
    };
  }
  const isHandler =
    typeof handler === 'object' &&
    handler !== null &&
    (typeof (handler as NotificationHandler).notify === 'function' || 'send' in handler);
  expectOption('an alert handler', handler, 'a function, or an object with notify() or send()', isHandler);
  if (given === undefined || given === handler.name) return handler;
  const close = handler.close && { close: () => handler.close?.() };
  if ('send' in handler) {
    const { resendDelayMs } = handler;
    return { name: given, resendDelayMs, send: (...sent) => handler.send(...sent), ...close };
  }
  return { name: given, notify: (...told) => handler.notify(...told), ...close };
}

/** Functions often have the same name, or none. */
function freeName(name: string, taken: ReadonlyMap<string, unknown>): string {
  let free = name;
  for (let number = 2; taken.has(free); number++) free = `${name}_${number}`;
  return free;
}

/** Resolves when the promise does, or the time is over. */
async function within(ms: number, promise: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const over = new Promise((resolve) => (timer = setTimeout(resolve, ms)));
  await Promise.race([promise, over]).finally(() => clearTimeout(timer));
}
