import type { MetricsHistory } from '../history/metrics-history.js';
import { wishesOf } from './rules/compiled-rule.js';
import { evaluate } from './rules/expression.js';
import { promqlOf } from './rules/promql.js';
import { VITAL_NAMES, type VitalName, VITALS } from './rules/vitals.js';

/** Reads the vitals of an application from what its metrics were in the last minute. */
export class Vitals {
  constructor(private readonly history: MetricsHistory) {}

  /** Has remembered what they are read from. @returns how to take that back */
  keep(): () => void {
    const releases = VITAL_NAMES.flatMap((name) => wishesOf(VITALS[name])).map((wish) =>
      this.history.keep(wish),
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
