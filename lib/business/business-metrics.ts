import type { Clock } from '../metrics/clock.js';
import type { Labels } from '../metrics/labels.js';
import type { GaugeOptions } from '../metrics/metric-definition.js';
import type { MetricsRegistry } from '../metrics/registry.js';
import { intervalMsOf, MonitoringOptionsError } from '../options/option-checks.js';
import { OptionalGauge } from '../collectors/optional-gauge.js';
import type { RunningCollectors } from '../collectors/running-collectors.js';
import { ActiveUsers } from './active-users.js';
import { BusinessCollector, type CollectMetrics } from './business.collector.js';
import type { IsLeader } from './leadership.js';
import { Revenue } from './revenue.js';

const DEFAULT_INTERVAL_MS = 60_000;
/** Every worker reads the same figure. */
const OF_THE_BUSINESS: GaugeOptions = { aggregate: 'first' };
const DEFAULT_WINDOWS: Readonly<Record<string, number>> = {
  '5m': 300_000,
  '1h': 3_600_000,
  '1d': 86_400_000,
};

/** How a figure of the business is read. */
export interface FigureOptions {
  /** How often, in milliseconds. @default 60_000 */
  readonly intervalMs?: number;
  /** How long it may take, in milliseconds. @default 5000 */
  readonly timeoutMs?: number;
  /** Whether only the leader of several replicas reads it; see `business.isLeader`. @default false */
  readonly leaderOnly?: boolean;
}

/** Anything that can be counted: a repository of TypeORM, a delegate of Prisma, a model of Mongoose. */
export interface Countable {
  /** How many there are. */
  count(): PromiseLike<unknown>;
}

/** A number as databases give it; null and undefined are not known. */
export type Figure = number | bigint | string | null | undefined;

/** A number for some labels. */
export interface LabelledFigure<L extends string> {
  readonly labels: Labels<L>;
  readonly value: Figure;
}

/**
 * The usual figures of a business as metrics: how many of something there are, users who are active, revenue, and
 * whatever else a function can tell. Each is read on a beat of its own, never twice at a time, within a time limit,
 * and is left out while it cannot be read.
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
   * A gauge of how many of something there are.
   *
   * @returns how to end it
   */
  entityCount(name: string, help: string, entities: Countable, options: FigureOptions = {}): () => void {
    return this.kpi(name, help, () => entities.count() as PromiseLike<Figure>, options);
  }

  /**
   * A gauge of what a function tells. With `labelNames`, it tells a list of labels and values; labels that are not
   * in it any more have no series.
   *
   * @returns how to end it
   */
  kpi(
    name: string,
    help: string,
    read: (signal: AbortSignal) => Figure | PromiseLike<Figure>,
    options?: FigureOptions,
  ): () => void;
  kpi<const L extends string>(
    name: string,
    help: string,
    read: (signal: AbortSignal) => readonly LabelledFigure<L>[] | PromiseLike<readonly LabelledFigure<L>[]>,
    options: FigureOptions & { readonly labelNames: readonly L[] },
  ): () => void;
  kpi(
    name: string,
    help: string,
    read: (signal: AbortSignal) => unknown,
    { labelNames, ...options }: FigureOptions & { readonly labelNames?: readonly string[] } = {},
  ): () => void {
    if (labelNames !== undefined) return this.labelledKpi(name, help, read, labelNames, options);
    const gauge = new OptionalGauge(this.registry, name, help, OF_THE_BUSINESS);
    return this.onBeat(name, options, async (_, signal) => gauge.set(numberOf(await read(signal))));
  }

  /**
   * A counter of what was taken, by currency.
   *
   * @throws {MetricDefinitionError} if the name is taken or malformed
   */
  revenue(name = 'revenue_total', help = 'What was taken, in units of the currency.'): Revenue {
    return new Revenue(this.registry.counter(name, help, { labelNames: ['currency'] }));
  }

  /**
   * A gauge of how many different users were seen in windows that move. It keeps no ids: each window is a sketch of
   * at most 13 times 16 kB with a standard error of 0.81 %.
   *
   * @param windowsMs the windows by the name that they have as label `window`
   * @throws {MonitoringOptionsError} for windows that cannot work
   */
  activeUsers(
    name = 'active_users',
    windowsMs: Readonly<Record<string, number>> = DEFAULT_WINDOWS,
  ): ActiveUsers {
    for (const [window, ms] of Object.entries(windowsMs)) {
      if (typeof ms === 'number' && ms >= 1_000 && Number.isFinite(ms)) continue;
      throw new MonitoringOptionsError(
        `Expected the window ${window} of ${name} to be a number of milliseconds from 1000 up, got ${String(ms)}.`,
      );
    }
    const gauge = this.registry.gauge(name, 'Different users who were seen in a window, about.', {
      labelNames: ['window'],
      // Workers that share the requests have seen the same users: their sum would count them over and over.
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
    options: FigureOptions,
  ): () => void {
    const gauge = this.registry.gauge<string>(name, help, { labelNames, ...OF_THE_BUSINESS });
    return this.onBeat(name, options, async (_, signal) => {
      const figures = (await read(signal)) as readonly LabelledFigure<string>[];
      const values = figures.map(({ labels, value }) => ({ labels, value: numberOf(value) }));
      gauge.reset();
      for (const { labels, value } of values) if (value !== undefined) gauge.set(labels, value);
    });
  }

  private onBeat(
    metric: string,
    { intervalMs, timeoutMs, leaderOnly = false }: FigureOptions,
    collect: CollectMetrics,
  ): () => void {
    const options = {
      name: this.running.freeName(metric),
      metricNames: [metric],
      leaderOnly,
      intervalMs: intervalMsOf(`intervalMs of ${metric}`, intervalMs, DEFAULT_INTERVAL_MS),
      ...(timeoutMs !== undefined && { timeoutMs: intervalMsOf(`timeoutMs of ${metric}`, timeoutMs, 0) }),
    };
    const end = this.running.add(new BusinessCollector(options, this.registry, this.isLeader, collect));
    return () => {
      end();
      this.registry.remove(metric);
    };
  }
}

/** @throws {TypeError} for what is neither a number nor nothing */
function numberOf(figure: unknown): number | undefined {
  if (figure === null || figure === undefined) return undefined;
  const isText = typeof figure === 'string' && figure.trim() !== '';
  const number = isText || typeof figure === 'bigint' ? Number(figure) : figure;
  if (typeof number === 'number' && Number.isFinite(number)) return number;
  throw new TypeError(
    `it gave ${typeof figure === 'object' ? 'an object' : String(figure)} instead of a number`,
  );
}
