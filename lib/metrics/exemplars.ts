import type { Clock } from './clock.js';
import { LABEL_NAME, toLabelString } from './labels.js';
import type { Exemplar } from './snapshot.js';

/** Labels that identify the origin of a value, usually `trace_id` and `span_id`. */
export type ExemplarLabels = Readonly<Record<string, string>>;

/**
 * A source of exemplar labels for samples that come without any. It returns the labels of the current trace, or
 * undefined if there is no sampled trace. It should be fast; if it throws, there is no exemplar.
 */
export type ExemplarSource = () => ExemplarLabels | undefined;

/** The minimum age at which an exemplar is replaced, in milliseconds. */
const FRESH_MS = 1_000;

/** The maximum length of the labels of an exemplar, names and values together, in characters: OpenMetrics 1.0. */
const MAX_LABELS_LENGTH = 128;

/** The latest exemplar of each number of a metric, by the index of the number in the snapshot. */
export class Exemplars {
  private readonly latest = new Map<number, Exemplar>();
  /** True while the source is called, which may record samples itself. */
  private isAsking = false;

  constructor(
    private readonly clock: Clock,
    private readonly source: ExemplarSource | undefined,
    private readonly onInvalid: () => void,
  ) {}

  /** Stores an exemplar with the given labels, or those of the source, unless the stored one is younger than a second. */
  offer(index: number, value: number, given: ExemplarLabels | undefined): void {
    const timestamp = this.clock.now();
    if (this.isAsking || this.isFresh(index, timestamp)) return;
    this.isAsking = true;
    try {
      const labels = given === undefined ? this.source?.() : given;
      if (labels !== undefined) this.keep(index, { labels: checkedLabels(labels), value, timestamp });
    } catch {
      this.onInvalid();
    } finally {
      this.isAsking = false;
    }
  }

  keep(index: number, exemplar: Exemplar): void {
    this.latest.set(index, exemplar);
  }

  clear(): void {
    this.latest.clear();
  }

  /** Returns a copy of all exemplars; undefined if there is none. */
  copy(): ReadonlyMap<number, Exemplar> | undefined {
    return this.latest.size === 0 ? undefined : new Map(this.latest);
  }

  private isFresh(index: number, now: number): boolean {
    const age = now - (this.latest.get(index)?.timestamp ?? -Infinity);
    return age >= 0 && age < FRESH_MS;
  }
}

/** Returns labels with a further one, unless they have one of that name or it is beyond the limit. Never throws. */
export function withExemplarLabel(
  labels: ExemplarLabels | undefined,
  name: string,
  value: string,
): ExemplarLabels {
  if (labels === undefined) return { [name]: value };
  try {
    let length = name.length + value.length;
    for (const [label, given] of Object.entries(labels)) length += label.length + toLabelString(given).length;
    return length > MAX_LABELS_LENGTH || name in labels ? labels : { [name]: value, ...labels };
  } catch {
    return labels;
  }
}

/** Returns the labels as strings. @throws {RangeError} for labels that OpenMetrics does not allow */
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
  if (length > MAX_LABELS_LENGTH) throw new RangeError(`labels of ${length} characters`);
  return Object.fromEntries(entries);
}
