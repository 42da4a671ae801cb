import { claimedNames } from '../../metrics/naming-rules.js';
import type { MetricsSource } from '../../metrics/registry.js';
import type { MetricsSnapshot } from '../../metrics/snapshot.js';
import { inTimeSlices } from '../../primitives/time-slices.js';
import { renderExposition } from './exposition.js';
import type { ExpositionFormat, TextFormat } from './format-negotiation.js';
import {
  mostBuckets,
  type NativeHistogramsOptions,
  type ResolvedNativeHistograms,
  resolveNativeHistograms,
} from './native-histograms.options.js';
import { type BridgeDependencies, PromClientBridge, type PromClientRegistry } from './prom-client.bridge.js';
import type { ProtobufRenderer } from './protobuf-renderer.js';
import { loadInTurn } from '../../primitives/load-in-turn.js';

/** Options of what Prometheus scrapes. */
export interface PrometheusFormatOptions {
  /**
   * Adds the creation times of counter and histogram series to OpenMetrics, as `_created` samples, and to protobuf. A
   * scraper without support for these samples stores each as one more series.
   * @default false
   */
  readonly createdTimestamps?: boolean;
  /** Native histograms, for a Prometheus that asks for protobuf; `false` for classic buckets only. @default on */
  readonly nativeHistograms?: NativeHistogramsOptions | boolean;
}

/** Options of a {@link PrometheusExporter}. */
export interface PrometheusExporterOptions extends PrometheusFormatOptions {
  /** Registries of other libraries whose metrics are exposed too. */
  readonly bridges?: PromClientBridgeOptions;
}

/** Registries of other libraries. */
export interface PromClientBridgeOptions {
  /** Registry of prom-client, `register`, or of a library with the same interface. @default none */
  readonly promClient?: PromClientRegistry;
}

/** Options of one exposition. */
export interface GenerateOptions<Format extends ExpositionFormat = ExpositionFormat> {
  /** Format of the exposition. @default 'prometheus', which is text format 0.0.4 */
  readonly format?: Format;
  /** Names of the metrics, or of their samples, to include. @default all */
  readonly names?: Iterable<string>;
  /** Time limit of the collectors, in milliseconds. @default the timeout of each collector */
  readonly timeoutMs?: number;
}

/** An exporter that renders the metrics of a registry for Prometheus. */
export class PrometheusExporter {
  private readonly inFlight = new Map<string, Promise<Buffer[]>>();
  private readonly bridge: PromClientBridge | undefined;
  private readonly nativeHistograms: ResolvedNativeHistograms;
  private protobuf: Promise<ProtobufRenderer> | undefined;
  private readonly bucketLimit: { readonly exponentialBuckets?: number };

  /** @throws {MonitoringOptionsError} for invalid options */
  constructor(
    private readonly source: MetricsSource,
    private readonly options: PrometheusExporterOptions = {},
    dependencies: BridgeDependencies = {},
  ) {
    const { promClient } = options.bridges ?? {};
    this.bridge = promClient && new PromClientBridge(promClient, dependencies);
    this.nativeHistograms = resolveNativeHistograms('nativeHistograms', options.nativeHistograms);
    const { nativeHistograms } = this;
    this.bucketLimit =
      nativeHistograms === false ? {} : { exponentialBuckets: mostBuckets(nativeHistograms) };
  }

  /**
   * Runs the collectors and renders all metrics as text.
   *
   * @throws {TypeError} for another format, such as `protobuf`, which is no text; no other rejection occurs
   */
  async generateText(options: GenerateOptions<TextFormat> = {}): Promise<string> {
    if ((options.format as ExpositionFormat | undefined) === 'protobuf') {
      throw new TypeError(
        "`format` of generateText() must be 'prometheus' or 'openmetrics'; got 'protobuf', which is no text. Call generate({ format: 'protobuf' }), which returns bytes.",
      );
    }
    expectFormat('generateText()', options.format ?? 'prometheus', TEXT_FORMATS);
    return Buffer.concat(await this.generate(options)).toString();
  }

  /**
   * Runs the collectors and renders all metrics in chunks of bytes; text is in UTF-8. Equal requests at the same time
   * share one result. Rendering yields to the event loop.
   *
   * @throws {TypeError} for an unknown format; no other rejection occurs
   */
  async generate(options: GenerateOptions = {}): Promise<Buffer[]> {
    const format = options.format ?? 'prometheus';
    expectFormat('generate()', format, FORMATS);
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
    const exponential = format === 'protobuf' && this.exponentialFor(names);
    const [snapshot, families] = await Promise.all([
      this.source.collect({
        ...(exponential !== false && { exponential, ...this.bucketLimit }),
        ...(timeoutMs !== undefined && { timeoutMs }),
      }),
      this.bridge?.read(timeoutMs) ?? [],
    ]);
    const bridged = this.bridge?.withoutCollisions(families, sampleNamesOf(snapshot)) ?? [];
    const created = this.options.createdTimestamps ?? false;
    const options = { created, bridged, ...(names && { names }) };
    if (format === 'protobuf') return inTimeSlices((await this.protobufRenderer()).render(snapshot, options));
    return inTimeSlices(collected(renderExposition(snapshot, { ...options, format })));
  }

  /** Loads the renderer at the first request for protobuf, which few scrapers make. */
  private protobufRenderer(): Promise<ProtobufRenderer> {
    this.protobuf ??= loadInTurn(() => import('./protobuf-renderer.js')).then(
      ({ ProtobufRenderer: Renderer }) => new Renderer(this.nativeHistograms),
    );
    return this.protobuf;
  }

  /** Returns the metrics whose exponential histograms are needed, from which native histograms are made. */
  private exponentialFor(names: ReadonlySet<string> | undefined): boolean | ReadonlySet<string> {
    if (this.nativeHistograms === false || names === undefined) return this.nativeHistograms !== false;
    return new Set(
      [...names].map((name) => name.replace(/_(?:bucket|sum|count|created)$/, '')).concat(...names),
    );
  }
}

const TEXT_FORMATS: readonly ExpositionFormat[] = ['prometheus', 'openmetrics'];
const FORMATS: readonly ExpositionFormat[] = [...TEXT_FORMATS, 'protobuf'];

function expectFormat(method: string, format: unknown, known: readonly ExpositionFormat[]): void {
  if (known.includes(format as ExpositionFormat)) return;
  const names = known.map((name) => `'${name}'`).join(', ');
  const given = typeof format === 'string' ? JSON.stringify(format.slice(0, 50)) : typeof format;
  const advice = format === 'json' ? ' JsonExporter exports the metrics in JSON.' : '';
  throw new TypeError(`\`format\` of ${method} must be one of ${names}; got ${given}.${advice}`);
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
