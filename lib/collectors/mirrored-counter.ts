import type { Counter } from '../metrics/counter.js';
import type { Labels } from '../metrics/labels.js';
import type { MetricsRegistry } from '../metrics/registry.js';

/** The series of a counter as they stand where they are kept. */
export type Totals<L extends string> = readonly (readonly [labels: Labels<L>, total: number | undefined])[];

/**
 * Follows a counter that is kept elsewhere, by the kernel or by a server, and may begin anew there. It is there only
 * while its totals are known.
 */
export class MirroredCounter<L extends string = string> {
  private counter: Counter<string> | undefined;
  private last = new Map<string, readonly [Labels<L>, number]>();

  constructor(
    private readonly registry: MetricsRegistry,
    readonly name: string,
    private readonly help: string,
    private readonly labelNames: readonly L[] = [],
  ) {}

  /** Adds what each total has grown by. A series that is not among them any more is forgotten. */
  follow(totals: Totals<L>): void {
    const next = new Map<string, readonly [Labels<L>, number]>();
    for (const [labels, total] of totals) {
      if (total === undefined || !(total >= 0)) continue;
      this.counter ??= this.newCounter();
      const key = JSON.stringify(this.labelNames.map((name) => labels[name]));
      const before = this.last.get(key)?.[1] ?? 0;
      // One that is less than it was has begun anew.
      this.counter.inc(labels, total >= before ? total - before : total);
      next.set(key, [labels, total]);
    }
    for (const [key, [labels]] of this.last) if (!next.has(key)) this.counter?.remove(labels);
    this.last = next;
    if (next.size > 0 || this.counter === undefined) return;
    this.registry.remove(this.name);
    this.counter = undefined;
  }

  private newCounter(): Counter<string> {
    const counter = this.registry.counter<string>(this.name, this.help, { labelNames: this.labelNames });
    counter.mirrorsOther();
    return counter;
  }
}
