import { DEFAULT_TIMEOUT_MS } from '../../metrics/collector-runner.js';
import type { WarningLogger } from '../../metrics/registry-options.js';
import { withinTime } from '../../primitives/deadline.js';
import { messageOf } from '../../primitives/message-of.js';
import { SafeLogger } from '../../primitives/safe-logger.js';
import { type BridgedFamily, type BridgedSample, namesOf } from './bridged-family.js';

/** A registry of prom-client, or of a library with the same interface. */
export interface PromClientRegistry {
  readonly contentType?: string;
  /** Without it, all metrics are asked for at once, and one that fails or hangs takes the others with it. */
  getMetricsAsArray?(): readonly unknown[];
  /** Every metric with its values, or a promise of them. */
  getMetricsAsJSON(): unknown;
}

/** Why a metric of a bridge was left out. */
export type BridgeDropReason = 'clash' | 'failed';

/** What a bridge has around it. In an application monitoring provides it. */
export interface BridgeSurroundings {
  /** @default warnings of the process */
  readonly logger?: WarningLogger;
  /** Is told of each metric that is left out, each time. @default nothing */
  readonly dropped?: (metric: string, reason: BridgeDropReason) => void;
}

/** What prom-client gives for one metric. */
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

/** Reads the metrics that other packages keep in a registry of prom-client. */
export class PromClientBridge {
  private readonly logger: SafeLogger;
  private readonly dropped: (metric: string, reason: BridgeDropReason) => void;
  private readonly warned = new Set<string>();
  /** The answers that are still awaited, be it that their time was over long ago. */
  private readonly underWay = new Map<unknown, Promise<readonly PromClientMetric[]>>();

  constructor(
    private readonly registry: PromClientRegistry,
    { logger, dropped }: BridgeSurroundings = {},
  ) {
    this.logger = new SafeLogger(
      logger ?? { warn: (message: string) => process.emitWarning(message, 'MonitoringWarning') },
    );
    this.dropped = dropped ?? (() => undefined);
  }

  /**
   * Asks every metric, each on its own account: one that fails or hangs is left out. Readers at the same time share
   * the answers, each within a time limit of its own. Never rejects.
   */
  async read(timeoutMs = DEFAULT_TIMEOUT_MS): Promise<BridgedFamily[]> {
    const answers = await Promise.all(
      this.questions().map(async ({ key, name, ask }) => {
        try {
          const metrics = await answerWithin(this.answerTo(key, ask), timeoutMs);
          return metrics.map((metric) => this.familyOf(metric));
        } catch (error) {
          this.leaveOut([name], 'failed', `${name} of prom-client is left out: ${messageOf(error)}`);
          return [];
        }
      }),
    );
    return answers.flat();
  }

  private answerTo(
    key: unknown,
    ask: () => Promise<readonly PromClientMetric[]>,
  ): Promise<readonly PromClientMetric[]> {
    const awaited = this.underWay.get(key);
    if (awaited !== undefined) return awaited;
    const asked = ask().finally(() => this.underWay.delete(key));
    const answer = answerWithin(asked, DEFAULT_TIMEOUT_MS, true);
    // Every reader may have left by then.
    answer.catch(() => undefined);
    this.underWay.set(key, answer);
    return answer;
  }

  /** What is left when the names are given to the metrics that have them already, `taken`. */
  withoutClashes(families: readonly BridgedFamily[], taken: ReadonlySet<string>): BridgedFamily[] {
    const names = new Set(taken);
    const clashing: string[] = [];
    const left = families.filter((family) => {
      const own = namesOf(family);
      const clashes = own.some((name) => names.has(name));
      if (clashes) clashing.push(family.name);
      else for (const name of own) names.add(name);
      return !clashes;
    });
    this.leaveOut(
      clashing,
      'clash',
      `Metrics of prom-client are left out, since there are others of the same names: ${clashing.join(', ')}`,
    );
    return left;
  }

  private questions(): readonly {
    readonly key: unknown;
    readonly name: string;
    readonly ask: () => Promise<readonly PromClientMetric[]>;
  }[] {
    const { registry } = this;
    const all = {
      key: registry,
      name: 'the registry',
      ask: async () => (await registry.getMetricsAsJSON()) as readonly PromClientMetric[],
    };
    try {
      const metrics = registry.getMetricsAsArray?.();
      if (!metrics?.every(canBeAsked)) return [all];
      return metrics.map((metric) => ({
        key: metric,
        name: metric.name,
        ask: async () => [await metric.get()],
      }));
    } catch {
      return [all];
    }
  }

  private familyOf({ name, help = '', type, values = [] }: PromClientMetric): BridgedFamily {
    const known = TYPES.includes(type) ? (type as BridgedFamily['type']) : 'untyped';
    // A registry for OpenMetrics takes the end off the names of counters when it shows them.
    const total =
      known === 'counter' &&
      this.registry.contentType?.startsWith('application/openmetrics-text') === true &&
      !name.endsWith('_total');
    const fullName = total ? `${name}_total` : name;
    const defaults = defaultLabelsOf(this.registry);
    const samples = values.map(({ value, labels, metricName }): BridgedSample => ({
      name: metricName ?? fullName,
      labels: { ...defaults, ...labels },
      value,
    }));
    return { name: fullName, help, type: known, samples };
  }

  private leaveOut(metrics: readonly string[], reason: BridgeDropReason, warning: string): void {
    for (const metric of metrics) this.dropped(metric, reason);
    const unheard = metrics.filter((metric) => !this.warned.has(`${reason} ${metric}`));
    if (unheard.length === 0) return;
    for (const metric of unheard) this.warned.add(`${reason} ${metric}`);
    this.logger.warn(warning);
  }
}

function canBeAsked(
  metric: unknown,
): metric is { readonly name: string; get(): Promise<PromClientMetric> | PromClientMetric } {
  if (typeof metric !== 'object' || metric === null) return false;
  const { name, get } = metric as Record<string, unknown>;
  return typeof name === 'string' && typeof get === 'function';
}

/** They are only added to what the registry shows as a whole; it keeps them here. */
function defaultLabelsOf(registry: PromClientRegistry): Readonly<Record<string, unknown>> {
  const labels = (registry as { _defaultLabels?: unknown })._defaultLabels;
  return typeof labels === 'object' && labels !== null ? (labels as Record<string, unknown>) : {};
}

async function answerWithin<T>(answer: Promise<T>, timeoutMs: number, background = false): Promise<T> {
  let given: T | undefined;
  const kept = async (): Promise<void> => {
    given = await answer;
  };
  await withinTime(kept(), timeoutMs, { background });
  return given as T;
}
