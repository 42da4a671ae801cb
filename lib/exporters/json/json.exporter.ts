import type { MetricsSource } from '../../metrics/registry.js';
import type { MetricsSnapshot } from '../../metrics/snapshot.js';
import { chosen } from '../push/metric-choice.js';
import type { NameTimer } from '../push/push.beat.js';
import { PushExporter, type PushSurroundings } from '../push/push.exporter.js';
import { JsonFileDestination } from './json-file.destination.js';
import { type JsonMetrics, jsonDocument } from './json-document.js';
import { type JsonExporterOptions, type ResolvedJson, resolveJson } from './json.options.js';

/** Writes the metrics to a file of JSON, or gives them as an object. */
export class JsonExporter {
  private readonly file:
    { readonly exporter: PushExporter; readonly destination: JsonFileDestination } | undefined;
  private readonly options: ResolvedJson;

  /** @throws {MonitoringOptionsError} */
  constructor(
    private readonly source: MetricsSource,
    options: JsonExporterOptions = {},
    surroundings: PushSurroundings = {},
  ) {
    this.options = resolveJson('the options of JsonExporter', options);
    const { outputFile, rotation, ...push } = this.options;
    if (outputFile === undefined) return;
    const destination = new JsonFileDestination(outputFile, rotation);
    this.file = { destination, exporter: new PushExporter(source, destination, push, surroundings) };
  }

  /**
   * Looks at every metric, and writes the file if there is one.
   *
   * @returns what was written
   * @throws {Error} if the file cannot be written
   */
  async exportAll(): Promise<JsonMetrics> {
    if (this.file === undefined) return this.documentOf(await this.source.collect({ exponential: true }));
    const { exporter, destination } = this.file;
    await exporter.exportAll();
    return this.documentOf(destination.latest ?? this.source.snapshot({ exponential: true }));
  }

  /** Writes the file at every interval from now on. */
  start(nameTimer?: NameTimer): void {
    this.file?.exporter.start(nameTimer);
  }

  /** Writes the file a last time if it has been started. Never rejects. */
  async shutdown(): Promise<void> {
    await this.file?.exporter.shutdown();
  }

  private documentOf(snapshot: MetricsSnapshot): JsonMetrics {
    return jsonDocument(chosen(snapshot, this.options.metrics));
  }
}
