import type { MetricType } from '../../metrics/naming-rules.js';
import {
  CREATED,
  FIRST_BUCKET,
  type MetricFamily,
  type MetricsSnapshot,
  SUM,
  VALUE,
} from '../../metrics/snapshot.js';
import { MISSING, type NotationSeries, type NotationValue, STALE } from './series-notation.js';

/** One series of a metric, with its notations: one value, or the buckets, count and sum of a histogram. */
interface Row {
  readonly key: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: NotationSeries | undefined;
  readonly sum: NotationSeries | undefined;
  /** The buckets by upper bound. */
  readonly buckets: Map<number, NotationSeries>;
}

interface Family {
  readonly name: string;
  readonly type: MetricType;
  readonly rows: Map<string, Row>;
}

/** The snapshots of a registry that would have the given series. */
export class NotationSnapshots {
  private readonly families: Map<string, Family>;

  /** @param intervalMs the time between two steps, in milliseconds */
  constructor(
    series: readonly NotationSeries[],
    private readonly intervalMs: number,
  ) {
    this.families = familiesOf(series);
  }

  /** Returns the type of a metric. */
  typeOf(metric: string): MetricType | undefined {
    return this.families.get(metric)?.type;
  }

  /** Returns the names of all metrics. */
  names(): string[] {
    return [...this.families.keys()];
  }

  /** Returns the snapshot at a step. */
  snapshot(step: number, timestamp: number): MetricsSnapshot {
    const families = [...this.families.values()].flatMap((family) => familyAt(family, step, this.intervalMs));
    return { timestamp, defaultLabels: {}, families };
  }

  /** Returns true if a series has no sample at a step and did not end. */
  isMissed(key: string, step: number): boolean {
    for (const { rows } of this.families.values()) {
      const row = rows.get(key);
      if (row === undefined) continue;
      const noted = row.value ?? row.buckets.values().next().value ?? row.sum;
      return valueAt(noted, step) === MISSING;
    }
    return false;
  }
}

function familyAt({ name, type, rows }: Family, step: number, intervalMs: number): MetricFamily[] {
  const present = [...rows.values()].filter((row) => {
    const value = valueAt(row.value ?? row.buckets.values().next().value, step);
    return value !== MISSING && value !== STALE;
  });
  const upperBounds = [...new Set([...rows.values()].flatMap(({ buckets }) => [...buckets.keys()]))]
    .filter((bound) => bound !== Infinity)
    .toSorted((a, b) => a - b);
  const stride = type === 'histogram' ? FIRST_BUCKET + upperBounds.length + 1 : VALUE + 1;
  const numbers = new Float64Array(present.length * stride);
  present.forEach(({ value, sum, buckets }, i) => {
    const at = i * stride;
    numbers[at + CREATED] = createdAt(value ?? buckets.values().next().value, step, intervalMs);
    if (type !== 'histogram') {
      numbers[at + VALUE] = numberAt(value, step);
      return;
    }
    numbers[at + SUM] = numberAt(sum, step);
    let below = 0;
    [...upperBounds, Infinity].forEach((bound, bucket) => {
      const count = numberAt(buckets.get(bound), step);
      numbers[at + FIRST_BUCKET + bucket] = count - below;
      below = count;
    });
  });
  const keyOf = (row: number): string => present[row]?.key ?? '';
  const identities = {
    expositionPrefixOf: keyOf,
    renderPrefixOf: keyOf,
    labelsOf: (row: number) => ({ ...present[row]?.labels }),
  };
  const seriesLimit = Infinity;
  const family = {
    name,
    help: '',
    labelNames: [],
    seriesLimit,
    numbers,
    stride,
    identities,
    epoch: rows,
    series: [],
  };
  return [type === 'histogram' ? { ...family, type, upperBounds } : { ...family, type }];
}

/**
 * Returns the creation time of a series: one step before the value that is marked as `created`, or before the test
 * without such a mark.
 */
function createdAt(series: NotationSeries | undefined, step: number, intervalMs: number): number {
  const created = series?.creations.findLast((creation) => creation <= step);
  return created === undefined ? -Infinity : (created - 1) * intervalMs;
}

/** Returns the value of a series at a step. A series without further values is missing. */
function valueAt(series: NotationSeries | undefined, step: number): NotationValue {
  return series?.values[step] ?? MISSING;
}

function numberAt(series: NotationSeries | undefined, step: number): number {
  const value = valueAt(series, step);
  return typeof value === 'number' ? value : NaN;
}

function familiesOf(all: readonly NotationSeries[]): Map<string, Family> {
  const metrics = new Set(all.map(({ metric }) => metric));
  const families = new Map<string, Family>();
  for (const series of all) {
    const { base, part } = partOf(series, metrics);
    const { le, ...labels } = series.labels;
    const own = part === 'bucket' ? labels : series.labels;
    const type = part === 'value' ? (base.endsWith('_total') ? 'counter' : 'gauge') : 'histogram';
    const family = families.get(base) ?? { name: base, type, rows: new Map<string, Row>() };
    families.set(base, family);
    const key = base + JSON.stringify(Object.entries(own).toSorted(([a], [b]) => (a < b ? -1 : 1)));
    const row = family.rows.get(key) ?? {
      key,
      labels: own,
      value: undefined,
      sum: undefined,
      buckets: new Map(),
    };
    if (part === 'bucket') row.buckets.set(le === '+Inf' ? Infinity : Number(le), series);
    if (part === 'count') row.buckets.set(Infinity, series);
    family.rows.set(key, {
      ...row,
      ...(part === 'value' && { value: series }),
      ...(part === 'sum' && { sum: series }),
    });
  }
  return families;
}

/** Returns the metric of a series, and the part of it: the series of a histogram are those of the exposition. */
function partOf(
  { metric, labels }: NotationSeries,
  metrics: ReadonlySet<string>,
): {
  base: string;
  part: 'value' | 'bucket' | 'count' | 'sum';
} {
  const [, base, part] = /^(.+)_(bucket|count|sum)$/.exec(metric) ?? [];
  if (base === undefined || part === undefined) return { base: metric, part: 'value' };
  const isBucket = part === 'bucket' && labels['le'] !== undefined;
  const belongs =
    metrics.has(`${base}_bucket`) || (metrics.has(`${base}_count`) && metrics.has(`${base}_sum`));
  if (!isBucket && !belongs) return { base: metric, part: 'value' };
  return { base, part: part as 'bucket' | 'count' | 'sum' };
}
