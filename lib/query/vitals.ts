import type { MetricsHistory } from './metrics-history.js';
import { evaluate, retentionOf } from './expression.js';
import { promqlOf } from './promql.js';
import { VITAL_NAMES, type VitalName, VITALS } from './vital-definitions.js';

/** The vitals of an application, computed from the last minute of its metrics. */
export class Vitals {
  /** The vitals of the last sample that was asked for, which several readers ask for between two samples. */
  private last: { readonly at: number; readonly values: ReturnType<Vitals['current']> } | undefined;

  constructor(private readonly history: MetricsHistory) {}

  /** Stores the samples that the vitals need. @returns a function that stops it */
  retain(): () => void {
    const releases = VITAL_NAMES.flatMap((name) => retentionOf(VITALS[name])).map((request) =>
      this.history.retain(request),
    );
    return () => releases.forEach((release) => release());
  }

  /** Returns the vitals that have a value; without a request, there is no response time. */
  current(): Readonly<Partial<Record<VitalName, number>>> {
    const at = this.history.lastSample;
    if (at === undefined) return {};
    if (this.last?.at !== at) this.last = { at, values: this.valuesAt(at) };
    // A copy, since the application may change it.
    return { ...this.last.values };
  }

  /** Returns a vital in PromQL. */
  expression(name: VitalName): string {
    return promqlOf(VITALS[name]);
  }

  private valuesAt(at: number): ReturnType<Vitals['current']> {
    return Object.fromEntries(
      VITAL_NAMES.flatMap((name) => {
        const value = evaluate(VITALS[name], this.history, at)[0]?.value;
        return value === undefined || !Number.isFinite(value) ? [] : [[name, value] as const];
      }),
    );
  }
}
