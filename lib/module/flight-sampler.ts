import type { AlertingMonitor } from '../alerting/alerting.monitor.js';
import { LinuxFiles } from '../collectors/system/linux-files.js';
import { MemoryKillCounts } from '../collectors/system/memory-kill-counts.js';
import type { FlightSample, MemoryKills } from '../diagnostics/flight-recorder/flight-row.js';
import type { ErrorRecords } from '../instrumentation/errors/error-records.js';
import type { Operations } from '../instrumentation/requests/operations.js';
import type { Clock } from '../metrics/clock.js';
import { HTTP_METRICS } from '../metrics/metric-names.js';
import type { MetricsRegistry } from '../metrics/registry.js';
import type { ScalarSeriesSnapshot } from '../metrics/snapshot.js';
import type { Vitals } from '../query/vitals.js';

const MAX_ITEMS = 5;

/** The parts of an application that the flight recorder reads. */
export interface FlightSamplerParts {
  readonly registry: MetricsRegistry;
  readonly operations: Operations | null;
  readonly errors: ErrorRecords;
  readonly alerting: AlertingMonitor;
  readonly vitals: Vitals;
  readonly clock: Clock;
}

/** Reads for the flight recorder what other parts have measured. */
export class FlightSampler {
  private readonly killCounts = new MemoryKillCounts(new LinuxFiles());
  private requests = new Map<string, number>();
  private requestsAt: number;

  constructor(private readonly parts: FlightSamplerParts) {
    this.requestsAt = parts.clock.monotonic();
  }

  kills(): MemoryKills {
    return this.killCounts.read();
  }

  requestsInFlight(): number {
    const gauge = this.parts.registry.getMetric(HTTP_METRICS.inProgress);
    return gauge?.type === 'gauge' ? gauge.total() : 0;
  }

  sample(): FlightSample {
    const { errors, alerting, vitals } = this.parts;
    return {
      vitals: vitals.current(),
      routes: this.routes(),
      operations: this.openOperations(),
      errors: errors
        .find({ limit: MAX_ITEMS })
        .map(({ error, site = '', count, lastSeenAt }) => ({ error, site, count, lastSeenAt })),
      alerts: alerting
        .alerts()
        .filter(({ state }) => state === 'firing')
        .slice(0, MAX_ITEMS)
        .map(({ rule, severity }) => ({ rule, severity })),
    };
  }

  /** Returns the routes with the most requests since the last call. */
  private routes(): FlightSample['routes'] {
    const now = this.parts.clock.monotonic();
    const seconds = Math.max(1, now - this.requestsAt) / 1000;
    const before = this.requests;
    const counts = new Map<string, number>();
    for (const { labels, value } of this.series(HTTP_METRICS.requests)) {
      const name = `${labels['method']} ${labels['route']}`;
      counts.set(name, (counts.get(name) ?? 0) + value);
    }
    this.requests = counts;
    this.requestsAt = now;
    return [...counts]
      .map(([name, count]) => ({
        name,
        perSecond: Math.round(((count - (before.get(name) ?? 0)) / seconds) * 10) / 10,
      }))
      .filter(({ perSecond }) => perSecond > 0)
      .toSorted((a, b) => b.perSecond - a.perSecond)
      .slice(0, MAX_ITEMS);
  }

  private openOperations(): FlightSample['operations'] {
    const now = this.parts.clock.now();
    const found: { name: string; ageMs: number }[] = [];
    for (const { title, kind, startTime } of this.parts.operations?.running ?? []) {
      found.push({ name: title ?? kind, ageMs: Math.round(now - startTime) });
      // They are in the order of their start.
      if (found.length === MAX_ITEMS) break;
    }
    return found;
  }

  private series(metric: string): Iterable<ScalarSeriesSnapshot> {
    const found = this.parts.registry.getMetric(metric);
    return found?.type === 'counter' || found?.type === 'gauge' ? found.snapshot().series : [];
  }
}
