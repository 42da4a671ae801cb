import { claimedNames } from '../../metrics/naming.js';
import type { MetricsSource } from '../../metrics/registry.js';
import type { MetricsSnapshot } from '../../metrics/snapshot.js';
import { renderExposition } from './exposition.js';
import type { ExpositionFormat } from './exposition-format.js';
import { type BridgeSurroundings, PromClientBridge, type PromClientRegistry } from './prom-client.bridge.js';

/** Options of a {@link PrometheusExporter}. */
export interface PrometheusExporterOptions {
  /**
   * Adds `_created` samples to OpenMetrics: when each counter and histogram series began. A scraper that does not
   * fold them stores one more series for each.
   * @default false
   */
  readonly created?: boolean;
  /** Registries of other libraries whose metrics are shown too. */
  readonly bridges?: BridgesOptions;
}

/** Registries of other libraries. */
export interface BridgesOptions {
  /** That of prom-client, `register`, or of a library with the same interface. */
  readonly promClient?: PromClientRegistry;
}

/** What one exposition should be. */
export interface GenerateOptions {
  /** @default 'prometheus', which is text format 0.0.4 */
  readonly format?: ExpositionFormat;
  /** Only the metrics of these names, or with samples of these names. @default all */
  readonly names?: Iterable<string>;
  /** How long the collectors may take, in milliseconds. @default what each of them allows itself */
  readonly timeoutMs?: number;
}

/** After so many milliseconds of rendering at a stretch, everything else gets its turn. */
const SLICE_MS = 4;

/** Writes the metrics of a registry as Prometheus reads them. */
export class PrometheusExporter {
  private readonly underWay = new Map<string, Promise<Buffer[]>>();
  private readonly bridge: PromClientBridge | undefined;

  constructor(
    private readonly source: MetricsSource,
    private readonly options: PrometheusExporterOptions = {},
    surroundings: BridgeSurroundings = {},
  ) {
    const { promClient } = options.bridges ?? {};
    this.bridge = promClient && new PromClientBridge(promClient, surroundings);
  }

  /** Runs the collectors and writes everything as text. Never rejects. */
  async generateText(options: GenerateOptions = {}): Promise<string> {
    return Buffer.concat(await this.generate(options)).toString();
  }

  /**
   * As {@link generateText}, in UTF-8 and in pieces. Who asks for the same while it is under way gets the same
   * answer. Rendering takes turns with everything else that the process does.
   */
  generate(options: GenerateOptions = {}): Promise<Buffer[]> {
    const format = options.format ?? 'prometheus';
    const names = options.names && new Set(options.names);
    const key = JSON.stringify([format, options.timeoutMs, names && [...names].toSorted()]);
    let answer = this.underWay.get(key);
    if (answer === undefined) {
      answer = this.render(format, names, options.timeoutMs).finally(() => this.underWay.delete(key));
      this.underWay.set(key, answer);
    }
    return answer;
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
    const bridged = this.bridge?.withoutClashes(families, takenNames(snapshot)) ?? [];
    const created = this.options.created ?? false;
    const pieces: Buffer[] = [];
    let sliceStart = performance.now();
    for (const piece of renderExposition(snapshot, { format, created, bridged, ...(names && { names }) })) {
      pieces.push(piece);
      if (performance.now() - sliceStart > SLICE_MS) {
        await new Promise((resolve) => setImmediate(resolve));
        sliceStart = performance.now();
      }
    }
    return pieces;
  }
}

function takenNames({ families }: MetricsSnapshot): Set<string> {
  return new Set(families.flatMap(({ name, type }) => claimedNames(name, type)));
}
