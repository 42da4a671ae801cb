import type { MetricsSource } from '../../metrics/registry.js';
import type { MetricsSnapshot } from '../../metrics/snapshot.js';
import { filterMetrics } from '../push/metric-filter.js';
import { PushExporter } from '../push/push.exporter.js';
import type { PushDependencies } from '../push/push-dependencies.js';
import { JsonFileDestination } from './json-file.destination.js';
import { type JsonMetrics, jsonDocument } from './json-document.js';
import { type JsonExporterOptions, type ResolvedJson, resolveJson } from './json.options.js';
import type { RegisterTimer } from '../../primitives/register-timer.js';

/** An exporter that writes the metrics to a JSON file, or returns them as an object. */
export class JsonExporter {
  private readonly file:
    { readonly exporter: PushExporter; readonly destination: JsonFileDestination } | undefined;
  private readonly options: ResolvedJson;

  /** @throws {MonitoringOptionsError} */
  constructor(
    private readonly source: MetricsSource,
    options: JsonExporterOptions = {},
    dependencies: PushDependencies = {},
  ) {
    this.options = resolveJson('the options of JsonExporter', options);
    const { outputFile, rotation, ...push } = this.options;
    if (outputFile === undefined) return;
    const destination = new JsonFileDestination(outputFile, rotation);
    this.file = { destination, exporter: new PushExporter(source, destination, push, dependencies) };
  }

  /**
   * Collects all metrics and writes the file, if there is one.
   *
   * @returns the document
   * @throws {Error} if the file cannot be written
   */
  async exportAll(): Promise<JsonMetrics> {
    if (this.file === undefined) return this.documentOf(await this.source.collect({ exponential: true }));
    const { exporter, destination } = this.file;
    await exporter.exportAll();
    return this.documentOf(destination.latest ?? this.source.snapshot({ exponential: true }));
  }

  /** Starts to write the file once per interval. */
  start(registerTimer?: RegisterTimer): void {
    this.file?.exporter.start(registerTimer);
  }

  /** Writes the file with what is known at once, without waiting for collectors. Never rejects. */
  async flush(): Promise<void> {
    await this.file?.exporter.flush();
  }

  /** Ends the exporter; if it was started, writes the file a last time. Never rejects. */
  async shutdown(): Promise<void> {
    await this.file?.exporter.shutdown();
  }

  private documentOf(snapshot: MetricsSnapshot): JsonMetrics {
    return jsonDocument(filterMetrics(snapshot, this.options.metrics));
  }
}
