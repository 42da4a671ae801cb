import type { Clock } from './clock.js';
import { LABEL_NAME, toLabelString } from './labels.js';
import type { Exemplar } from './snapshot.js';

/** What an exemplar says of where its value came from: `trace_id` and `span_id`, usually. */
export type ExemplarLabels = Readonly<Record<string, string>>;

/**
 * Asked for the labels of an exemplar where none were given with a sample: those of the trace that the code at
 * hand belongs to, or undefined if it belongs to none that is kept. It should be quick; where it throws, there is no exemplar.
 */
export type ExemplarSource = () => ExemplarLabels | undefined;

/** How long an exemplar stays before another of the same number takes its place. */
const FRESH_MS = 1_000;

/** What the labels of an exemplar may be long in all, names and values, in characters: OpenMetrics 1.0. */
const LONGEST_LABELS = 128;

/** The latest exemplar of each number of a metric, by its place among the numbers of the snapshot. */
export class Exemplars {
  private readonly latest = new Map<number, Exemplar>();
  /** A source that counts something itself, or fails and is counted, must not be asked again because of it. */
  private isAsking = false;

  constructor(
    private readonly clock: Clock,
    private readonly source: ExemplarSource | undefined,
    private readonly refused: () => void,
  ) {}

  /** Takes the labels given with a sample, or those of the source, unless there is an exemplar that is fresh. */
  offer(place: number, value: number, given: ExemplarLabels | undefined): void {
    const timestamp = this.clock.now();
    if (this.isAsking || this.isFresh(place, timestamp)) return;
    this.isAsking = true;
    try {
      const labels = given === undefined ? this.source?.() : given;
      if (labels !== undefined) this.keep(place, { labels: checkedLabels(labels), value, timestamp });
    } catch {
      this.refused();
    } finally {
      this.isAsking = false;
    }
  }

  keep(place: number, exemplar: Exemplar): void {
    this.latest.set(place, exemplar);
  }

  at(place: number): Exemplar | undefined {
    return this.latest.get(place);
  }

  clear(): void {
    this.latest.clear();
  }

  /** @returns undefined if there is none */
  copy(): ReadonlyMap<number, Exemplar> | undefined {
    return this.latest.size === 0 ? undefined : new Map(this.latest);
  }

  private isFresh(place: number, now: number): boolean {
    const age = now - (this.latest.get(place)?.timestamp ?? -Infinity);
    return age >= 0 && age < FRESH_MS;
  }
}

/** @throws {RangeError} for what OpenMetrics does not allow */
function checkedLabels(given: ExemplarLabels): ExemplarLabels {
  const entries = Object.entries(given).map(([name, value]): [string, string] => [
    name,
    toLabelString(value),
  ]);
  let length = 0;
  for (const [name, value] of entries) {
    if (!LABEL_NAME.test(name)) throw new RangeError(`"${name}" is not a valid label name`);
    length += name.length + Array.from(value).length;
  }
  if (length > LONGEST_LABELS) throw new RangeError(`labels of ${length} characters`);
  return Object.fromEntries(entries);
}
