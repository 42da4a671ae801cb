import { claimedNames } from '../../metrics/naming-rules.js';
import type { MetricsSource } from '../../metrics/registry.js';
import type { MetricsSnapshot } from '../../metrics/snapshot.js';
import { inTimeSlices } from '../../primitives/time-slices.js';
import { renderExposition } from './exposition.js';
import type { ExpositionFormat } from './format-negotiation.js';
import { type BridgeDependencies, PromClientBridge, type PromClientRegistry } from './prom-client.bridge.js';

/** Options of a {@link PrometheusExporter}. */
export interface PrometheusExporterOptions {
  /**
   * Adds `_created` samples, the creation times of counter and histogram series, to OpenMetrics. A scraper without
   * support for them stores each as one more series.
   * @default false
   */
  readonly created?: boolean;
  /** Registries of other libraries whose metrics are exposed too. */
  readonly bridges?: PromClientBridgeOptions;
}

/** Registries of other libraries. */
export interface PromClientBridgeOptions {
  /** Registry of prom-client, `register`, or of a library with the same interface. */
  readonly promClient?: PromClientRegistry;
}

/** Options of one exposition. */
export interface GenerateOptions {
  /** Format of the exposition. @default 'prometheus', which is text format 0.0.4 */
  readonly format?: ExpositionFormat;
  /** Names of the metrics, or of their samples, to include. @default all */
  readonly names?: Iterable<string>;
  /** Time limit of the collectors, in milliseconds. @default the timeout of each collector */
  readonly timeoutMs?: number;
}

/** An exporter that renders the metrics of a registry for Prometheus. */
export class PrometheusExporter {
  private readonly inFlight = new Map<string, Promise<Buffer[]>>();
  private readonly bridge: PromClientBridge | undefined;

  constructor(
    private readonly source: MetricsSource,
    private readonly options: PrometheusExporterOptions = {},
    dependencies: BridgeDependencies = {},
  ) {
    const { promClient } = options.bridges ?? {};
    this.bridge = promClient && new PromClientBridge(promClient, dependencies);
  }

  /** Runs the collectors and renders all metrics as text. Never rejects. */
  async generateText(options: GenerateOptions = {}): Promise<string> {
    return Buffer.concat(await this.generate(options)).toString();
  }

  /**
   * Renders as {@link generateText} does, in UTF-8 and in chunks. Equal requests at the same time share one result.
   * Rendering yields to the event loop.
   */
  generate(options: GenerateOptions = {}): Promise<Buffer[]> {
    const format = options.format ?? 'prometheus';
    const names = options.names && new Set(options.names);
    const key = JSON.stringify([format, options.timeoutMs, names && [...names].toSorted()]);
    let result = this.inFlight.get(key);
    if (result === undefined) {
      result = this.render(format, names, options.timeoutMs).finally(() => this.inFlight.delete(key));
      this.inFlight.set(key, result);
    }
    return result;
  }

  private async render(
    format: ExpositionFormat,
    names: ReadonlySet<string> | undefined,
    timeoutMs: number | undefined,
  ): Promise<Buffer[]> {
    const [snapshot, families] = await Promise.all([
      this.source.collect(timeoutMs === undefined ? {} : { timeoutMs }),
      this.bridge?.read(timeoutMs) ?? [],
    ]);
    const bridged = this.bridge?.withoutCollisions(families, sampleNamesOf(snapshot)) ?? [];
    const created = this.options.created ?? false;
    const options = { format, created, bridged, ...(names && { names }) };
    return inTimeSlices(collected(renderExposition(snapshot, options)));
  }
}

/** Collects the chunks, with a yield after each. */
function* collected(chunks: Iterable<Buffer>): Generator<void, Buffer[], void> {
  const all: Buffer[] = [];
  for (const chunk of chunks) {
    all.push(chunk);
    yield;
  }
  return all;
}

function sampleNamesOf({ families }: MetricsSnapshot): Set<string> {
  return new Set(families.flatMap(({ name, type }) => claimedNames(name, type)));
}
