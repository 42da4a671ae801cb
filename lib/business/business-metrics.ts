import type { Clock } from '../metrics/clock.js';
import type { Labels } from '../metrics/labels.js';
import type { GaugeOptions } from '../metrics/metric-definition.js';
import type { MetricsRegistry } from '../metrics/registry.js';
import { intervalMsOf, MonitoringOptionsError } from '../options/option-checks.js';
import { describeValue } from '../options/option-descriptions.js';
import { OptionalGauge } from '../collectors/optional-gauge.js';
import type { RunningCollectors } from '../collectors/running-collectors.js';
import { ActiveUsers } from './active-users.js';
import { BusinessCollector, type CollectMetrics } from './business.collector.js';
import type { IsLeader } from './leadership.js';
import { Revenue } from './revenue.js';

const DEFAULT_INTERVAL_MS = 60_000;
/** Every worker reads the same value. */
const SHARED_VALUE: GaugeOptions = { aggregate: 'first' };
const DEFAULT_WINDOWS: Readonly<Record<string, number>> = {
  '5m': 300_000,
  '1h': 3_600_000,
  '1d': 86_400_000,
};

/** Options of a KPI. */
export interface KpiOptions {
  /** Interval between two reads, in milliseconds. @default 60_000 */
  readonly intervalMs?: number;
  /** Time limit of one read, in milliseconds. @default 5000 */
  readonly timeoutMs?: number;
  /** True if only the leader among several replicas reads it; see `business.isLeader`. @default false */
  readonly leaderOnly?: boolean;
}

/** Anything that can be counted: a TypeORM repository or a Prisma delegate by `count()`, a Mongoose model by `countDocuments()`. */
export type Countable =
  | {
      /** Returns the number of entities. */
      count(): PromiseLike<unknown>;
    }
  | {
      /** Returns the number of documents. */
      countDocuments(): PromiseLike<unknown>;
    };

/** A number as databases return it; null and undefined mean unknown. */
export type KpiValue = number | bigint | string | null | undefined;

/** The value of a KPI for one set of labels. */
export interface LabelledKpiValue<L extends string> {
  readonly labels: Labels<L>;
  readonly value: KpiValue;
}

/**
 * Business metrics: entity counts, active users, revenue, and KPIs returned by functions. Entity counts and KPIs are read
 * on their own schedules, with a time limit and never concurrently. While a value cannot be read, it is left out.
 */
export class BusinessMetrics {
  constructor(
    private readonly registry: MetricsRegistry,
    private readonly running: RunningCollectors,
    private readonly clock: Clock,
    private readonly isLeader: IsLeader,
    private readonly enabled = true,
  ) {}

  /**
   * Registers a gauge of the number of entities.
   *
   * @returns a function that removes the gauge
   */
  entityCount(name: string, help: string, entities: Countable, options: KpiOptions = {}): () => void {
    const count = () => ('countDocuments' in entities ? entities.countDocuments() : entities.count());
    return this.kpi(name, help, () => count() as PromiseLike<KpiValue>, options);
  }

  /**
   * Registers a gauge of the value that a function returns. With `labelNames`, the function returns a list of labels and
   * values, and label sets that are no longer in the list have no series.
   *
   * @returns a function that removes the gauge
   */
  kpi(
    name: string,
    help: string,
    read: (signal: AbortSignal) => KpiValue | PromiseLike<KpiValue>,
    options?: KpiOptions,
  ): () => void;
  kpi<const L extends string>(
    name: string,
    help: string,
    read: (
      signal: AbortSignal,
    ) => readonly LabelledKpiValue<L>[] | PromiseLike<readonly LabelledKpiValue<L>[]>,
    options: KpiOptions & { readonly labelNames: readonly L[] },
  ): () => void;
  kpi(
    name: string,
    help: string,
    read: (signal: AbortSignal) => unknown,
    { labelNames, ...options }: KpiOptions & { readonly labelNames?: readonly string[] } = {},
  ): () => void {
    if (labelNames !== undefined) return this.labelledKpi(name, help, read, labelNames, options);
    const gauge = new OptionalGauge(this.registry, name, help, SHARED_VALUE);
    return this.schedule(name, options, async (_, signal) => gauge.set(numberOf(await read(signal))));
  }

  /**
   * Registers a counter of revenue, by currency.
   *
   * @throws {MetricDefinitionError} if the name is taken or malformed
   */
  revenue(name = 'revenue_total', help = 'Revenue, in units of the currency.'): Revenue {
    return new Revenue(this.registry.counter(name, help, { labelNames: ['currency'] }));
  }

  /**
   * Registers a gauge of the number of distinct users seen in sliding windows. It stores no ids: each window is a sketch
   * of at most 13 times 16 kB with a standard error of 0.81 %.
   *
   * @param windowsMs length of each window in milliseconds, by its value of the label `window`
   * @throws {MonitoringOptionsError} for a window shorter than 1 s
   */
  activeUsers(
    name = 'active_users',
    windowsMs: Readonly<Record<string, number>> = DEFAULT_WINDOWS,
  ): ActiveUsers {
    for (const [window, ms] of Object.entries(windowsMs)) {
      if (typeof ms === 'number' && ms >= 1_000 && Number.isFinite(ms)) continue;
      throw new MonitoringOptionsError(
        `The window \`${window}\` of \`${name}\` must be a number of milliseconds of at least 1000; got ${describeValue(ms)}.`,
      );
    }
    const gauge = this.registry.gauge(name, 'Estimated number of distinct users seen in a sliding window.', {
      labelNames: ['window'],
      // Workers see the same users, so that their sum would count a user several times.
      aggregate: 'max',
    });
    const users = new ActiveUsers(
      this.running.freeName(name),
      gauge,
      this.enabled ? windowsMs : {},
      this.clock,
    );
    this.running.add(users);
    return users;
  }

  private labelledKpi(
    name: string,
    help: string,
    read: (signal: AbortSignal) => unknown,
    labelNames: readonly string[],
    options: KpiOptions,
  ): () => void {
    const gauge = this.registry.gauge<string>(name, help, { labelNames, ...SHARED_VALUE });
    return this.schedule(name, options, async (_, signal) => {
      const labelled = (await read(signal)) as readonly LabelledKpiValue<string>[];
      const values = labelled.map(({ labels, value }) => ({ labels, value: numberOf(value) }));
      gauge.reset();
      for (const { labels, value } of values) if (value !== undefined) gauge.set(labels, value);
    });
  }

  private schedule(
    metric: string,
    { intervalMs, timeoutMs, leaderOnly = false }: KpiOptions,
    collect: CollectMetrics,
  ): () => void {
    const options = {
      name: this.running.freeName(metric),
      metricNames: [metric],
      leaderOnly,
      intervalMs: intervalMsOf(`${metric}.intervalMs`, intervalMs, DEFAULT_INTERVAL_MS),
      ...(timeoutMs !== undefined && { timeoutMs: intervalMsOf(`${metric}.timeoutMs`, timeoutMs, 0) }),
    };
    const remove = this.running.add(new BusinessCollector(options, this.registry, this.isLeader, collect));
    return () => {
      remove();
      this.registry.remove(metric);
    };
  }
}

/** @throws {TypeError} for a value that is neither a number nor unknown */
function numberOf(value: unknown): number | undefined {
  if (value === null || value === undefined) return undefined;
  const isText = typeof value === 'string' && value.trim() !== '';
  const number = isText || typeof value === 'bigint' ? Number(value) : value;
  if (typeof number === 'number' && Number.isFinite(number)) return number;
  throw new TypeError(
    `expected a number; got ${typeof value === 'object' ? 'an object' : describeValue(value)}`,
  );
}
