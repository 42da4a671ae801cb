import type { MetricsHistory } from './metrics-history.js';
import { evaluate, retentionOf } from './expression.js';
import { promqlOf } from './promql.js';
import { VITAL_NAMES, type VitalName, VITALS } from './vital-expressions.js';

/** Reads the vitals of an application from what its metrics were in the last minute. */
export class Vitals {
  constructor(private readonly history: MetricsHistory) {}

  /** Keeps the samples that the vitals are read from. @returns a function that withdraws the request */
  retain(): () => void {
    const releases = VITAL_NAMES.flatMap((name) => retentionOf(VITALS[name])).map((request) =>
      this.history.retain(request),
    );
    return () => releases.forEach((release) => release());
  }

  /** Those that are known: there is no response time when there was no request. */
  current(): Readonly<Partial<Record<VitalName, number>>> {
    const at = this.history.lastSample;
    if (at === undefined) return {};
    return Object.fromEntries(
      VITAL_NAMES.flatMap((name) => {
        const value = evaluate(VITALS[name], this.history, at)[0]?.value;
        return value === undefined || !Number.isFinite(value) ? [] : [[name, value] as const];
      }),
    );
  }

  /** What a vital is in PromQL. */
  expression(name: VitalName): string {
    return promqlOf(VITALS[name]);
  }
}
