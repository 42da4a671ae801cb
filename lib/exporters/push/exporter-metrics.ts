import type { Counter } from '../../metrics/counter.js';
import type { Gauge } from '../../metrics/gauge.js';
import type { MetricsRegistry } from '../../metrics/registry.js';

/** The recorder of one exporter's `monitoring_exporter_*` metrics. */
export interface ExporterRecorder {
  /** Records a request that the remote accepted. */
  sent(): void;
  /** Records a failed attempt. */
  failed(): void;
  /** Records data points that will never be sent. */
  dropped(points: number): void;
  /** @param isStopped true while the remote rejects everything until somebody intervenes */
  stopped(isStopped: boolean): void;
  /** @param lagMs age of the oldest data point in the queue, in milliseconds */
  queued(points: number, lagMs: number): void;
}

/** A recorder that records nothing. */
export const NO_RECORDER: ExporterRecorder = {
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
      'Requests of the exporter that the remote accepted.',
      labels,
    );
    this.failures = registry.counter(
      'monitoring_exporter_failures_total',
      'Requests of the exporter that failed, every attempt counted.',
      labels,
    );
    this.droppedPoints = registry.counter(
      'monitoring_exporter_dropped_points_total',
      'Data points that the exporter dropped: queue full, rejected by the remote, or too old.',
      labels,
    );
    this.queuePoints = registry.gauge(
      'monitoring_exporter_queue_points',
      'Data points in the queue of the exporter, waiting to be accepted by the remote.',
      labels,
    );
    this.lagSeconds = registry.gauge(
      'monitoring_exporter_lag_seconds',
      'Age of the oldest data point in the queue of the exporter.',
      { ...labels, aggregate: 'max' },
    );
    this.stopped = registry.gauge(
      'monitoring_exporter_stopped',
      '1 while the remote rejects everything until somebody intervenes, for example because of an invalid API key.',
      labels,
    );
  }

  /** Returns the recorder of the exporter with this name. */
  of(exporter: string): ExporterRecorder {
    const labels = { exporter };
    const exports = this.exports.labels(labels);
    const failures = this.failures.labels(labels);
    const droppedPoints = this.droppedPoints.labels(labels);
    // Present from the start, so that a rate is known before the first failure.
    for (const counter of [exports, failures, droppedPoints]) counter.inc(0);
    const recorder: ExporterRecorder = {
      sent: () => exports.inc(),
      failed: () => failures.inc(),
      dropped: (points) => droppedPoints.inc(points),
      stopped: (isStopped) => this.stopped.set(labels, isStopped ? 1 : 0),
      queued: (points, lagMs) => {
        this.queuePoints.set(labels, points);
        this.lagSeconds.set(labels, lagMs / 1000);
      },
    };
    recorder.queued(0, 0);
    recorder.stopped(false);
    return recorder;
  }
}
