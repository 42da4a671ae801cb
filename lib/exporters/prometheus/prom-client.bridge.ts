import { DEFAULT_TIMEOUT_MS } from '../../metrics/collector-runner.js';
import type { WarningLogger } from '../../metrics/registry-options.js';
import { withinTime } from '../../primitives/deadline.js';
import { messageOf } from '../../primitives/error-message.js';
import { SafeLogger } from '../../primitives/safe-logger.js';
import { PROCESS_WARNINGS } from '../push/push-dependencies.js';
import { type BridgedFamily, type BridgedSample, namesOf } from './bridged-family.js';

/** A registry of prom-client, or of a library with the same interface. */
export interface PromClientRegistry {
  readonly contentType?: string;
  /** Metrics to read one by one. Without it, all are read at once, and one that fails or hangs affects the others. */
  getMetricsAsArray?(): readonly unknown[];
  /** Returns every metric with its values, or a promise of them. */
  getMetricsAsJSON(): unknown;
}

/** A reason for which a bridged metric is omitted. */
export type BridgeDropReason = 'clash' | 'failed';

/** The dependencies of a bridge. In an application the module provides them. */
export interface BridgeDependencies {
  /** Receiver of the log lines. @default process warnings */
  readonly logger?: WarningLogger;
  /** Called for each metric that is omitted, every time. @default none */
  readonly dropped?: (metric: string, reason: BridgeDropReason) => void;
}

/** One metric as prom-client returns it. */
interface PromClientMetric {
  readonly name: string;
  readonly help?: string;
  readonly type?: unknown;
  readonly values?: readonly {
    readonly value: number;
    readonly labels?: Readonly<Record<string, unknown>>;
    readonly metricName?: string;
  }[];
}

const TYPES: readonly unknown[] = [
  'counter',
  'gauge',
  'histogram',
  'summary',
] satisfies BridgedFamily['type'][];

/** A bridge to the metrics that other packages keep in a prom-client registry. */
export class PromClientBridge {
  private readonly logger: SafeLogger;
  private readonly dropped: (metric: string, reason: BridgeDropReason) => void;
  private readonly warned = new Set<string>();
  /** Reads in flight, by metric; one may outlive the time limits of its readers. */
  private readonly inFlight = new Map<unknown, Promise<readonly PromClientMetric[]>>();

  constructor(
    private readonly registry: PromClientRegistry,
    { logger, dropped }: BridgeDependencies = {},
  ) {
    this.logger = new SafeLogger(logger ?? PROCESS_WARNINGS);
    this.dropped = dropped ?? (() => undefined);
  }

  /**
   * Reads every metric by itself and omits those that fail or hang. Concurrent readers share the reads, each with its
   * own time limit. Never rejects.
   */
  async read(timeoutMs = DEFAULT_TIMEOUT_MS): Promise<BridgedFamily[]> {
    const families = await Promise.all(
      this.sources().map(async ({ key, name, read }) => {
        try {
          const metrics = await withinTime(this.sharedRead(key, read), timeoutMs);
          return metrics.map((metric) => this.familyOf(metric));
        } catch (error) {
          this.omit(
            [name],
            'failed',
            `Could not read ${name} from prom-client; omitted: ${messageOf(error)}`,
          );
          return [];
        }
      }),
    );
    return families.flat();
  }

  private sharedRead(
    key: unknown,
    read: () => Promise<readonly PromClientMetric[]>,
  ): Promise<readonly PromClientMetric[]> {
    const current = this.inFlight.get(key);
    if (current !== undefined) return current;
    const started = read().finally(() => this.inFlight.delete(key));
    const result = withinTime(started, DEFAULT_TIMEOUT_MS, { background: true });
    // No reader may be left when it rejects.
    result.catch(() => undefined);
    this.inFlight.set(key, result);
    return result;
  }

  /** Returns the families without those whose names are `taken` by other metrics. */
  withoutCollisions(families: readonly BridgedFamily[], taken: ReadonlySet<string>): BridgedFamily[] {
    const names = new Set(taken);
    const colliding: string[] = [];
    const kept = families.filter((family) => {
      const own = namesOf(family);
      const collides = own.some((name) => names.has(name));
      if (collides) colliding.push(family.name);
      else for (const name of own) names.add(name);
      return !collides;
    });
    this.omit(
      colliding,
      'clash',
      `Omitted metrics of prom-client whose names are already in use: ${colliding.join(', ')}`,
    );
    return kept;
  }

  /** Returns one source per metric, or a single one for the whole registry. */
  private sources(): readonly {
    readonly key: unknown;
    readonly name: string;
    readonly read: () => Promise<readonly PromClientMetric[]>;
  }[] {
    const { registry } = this;
    const all = {
      key: registry,
      name: 'the registry',
      read: async () => (await registry.getMetricsAsJSON()) as readonly PromClientMetric[],
    };
    try {
      const metrics = registry.getMetricsAsArray?.();
      if (!metrics?.every(isReadable)) return [all];
      return metrics.map((metric) => ({
        key: metric,
        name: metric.name,
        read: async () => [await metric.get()],
      }));
    } catch {
      return [all];
    }
  }

  private familyOf({ name, help = '', type, values = [] }: PromClientMetric): BridgedFamily {
    const known = TYPES.includes(type) ? (type as BridgedFamily['type']) : 'untyped';
    // A registry for OpenMetrics removes `_total` from the names of counters.
    const lacksTotal =
      known === 'counter' &&
      this.registry.contentType?.startsWith('application/openmetrics-text') === true &&
      !name.endsWith('_total');
    const fullName = lacksTotal ? `${name}_total` : name;
    const defaults = defaultLabelsOf(this.registry);
    const samples = values.map(({ value, labels, metricName }): BridgedSample => ({
      name: metricName ?? fullName,
      labels: { ...defaults, ...labels },
      value,
    }));
    return { name: fullName, help, type: known, samples };
  }

  private omit(metrics: readonly string[], reason: BridgeDropReason, warning: string): void {
    for (const metric of metrics) this.dropped(metric, reason);
    const unlogged = metrics.filter((metric) => !this.warned.has(`${reason} ${metric}`));
    if (unlogged.length === 0) return;
    for (const metric of unlogged) this.warned.add(`${reason} ${metric}`);
    this.logger.warn(warning);
  }
}

function isReadable(
  metric: unknown,
): metric is { readonly name: string; get(): Promise<PromClientMetric> | PromClientMetric } {
  if (typeof metric !== 'object' || metric === null) return false;
  const { name, get } = metric as Record<string, unknown>;
  return typeof name === 'string' && typeof get === 'function';
}

/** Returns the default labels, which a registry adds only when it is read as a whole. */
function defaultLabelsOf(registry: PromClientRegistry): Readonly<Record<string, unknown>> {
  const labels = (registry as { _defaultLabels?: unknown })._defaultLabels;
  return typeof labels === 'object' && labels !== null ? (labels as Record<string, unknown>) : {};
}
