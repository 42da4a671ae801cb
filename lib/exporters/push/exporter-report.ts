import type { Counter } from '../../metrics/counter.js';
import type { Gauge } from '../../metrics/gauge.js';
import type { MetricsRegistry } from '../../metrics/registry.js';

/** What is told of one exporter. */
export interface ExporterReport {
  sent(): void;
  failed(): void;
  dropped(points: number): void;
  /** @param isStopped whether the remote takes nothing until somebody acts */
  stopped(isStopped: boolean): void;
  /** @param lagMs how long the oldest data point that waits has been waiting */
  queued(points: number, lagMs: number): void;
}

export const NO_REPORT: ExporterReport = {
  sent: () => undefined,
  failed: () => undefined,
  dropped: () => undefined,
  stopped: () => undefined,
  queued: () => undefined,
};

/** The metrics of the exporters themselves. */
export class ExporterMetrics {
  private readonly exports: Counter<'exporter'>;
  private readonly failures: Counter<'exporter'>;
  private readonly droppedPoints: Counter<'exporter'>;
  private readonly queuePoints: Gauge<'exporter'>;
  private readonly lagSeconds: Gauge<'exporter'>;
  private readonly stopped: Gauge<'exporter'>;

  constructor(registry: MetricsRegistry) {
    const labels = { labelNames: ['exporter'], seriesLimit: Infinity } as const;
    this.exports = registry.counter(
      'monitoring_exporter_exports_total',
      'Requests of an exporter that were taken.',
      labels,
    );
    this.failures = registry.counter(
      'monitoring_exporter_failures_total',
      'Requests of an exporter that failed, each attempt for itself.',
      labels,
    );
    this.droppedPoints = registry.counter(
      'monitoring_exporter_dropped_points_total',
      'Data points that an exporter gave up: its queue was full, or they were refused or too old.',
      labels,
    );
    this.queuePoints = registry.gauge(
      'monitoring_exporter_queue_points',
      'Data points of an exporter that wait to be taken.',
      labels,
    );
    this.lagSeconds = registry.gauge(
      'monitoring_exporter_lag_seconds',
      'How long the oldest data point of an exporter has been waiting.',
      labels,
    );
    this.stopped = registry.gauge(
      'monitoring_exporter_stopped',
      'Whether the remote of an exporter takes nothing until somebody acts (1), such as for a key that is not valid.',
      labels,
    );
  }

  /** Where the exporter of this name tells how it goes. */
  of(exporter: string): ExporterReport {
    const labels = { exporter };
    const exports = this.exports.labels(labels);
    const failures = this.failures.labels(labels);
    const droppedPoints = this.droppedPoints.labels(labels);
    // They are there from the start, so that a rate over them is known before the first failure.
    for (const counter of [exports, failures, droppedPoints]) counter.inc(0);
    const report: ExporterReport = {
      sent: () => exports.inc(),
      failed: () => failures.inc(),
      dropped: (points) => droppedPoints.inc(points),
      stopped: (isStopped) => this.stopped.set(labels, isStopped ? 1 : 0),
      queued: (points, lagMs) => {
        this.queuePoints.set(labels, points);
        this.lagSeconds.set(labels, lagMs / 1000);
      },
    };
    report.queued(0, 0);
    report.stopped(false);
    return report;
  }
}
