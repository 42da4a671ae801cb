import type { MetricsHistory } from '../../history/metrics-history.js';
import type { Reading } from '../../history/readings.js';
import type { Panel, Query, Unit, View } from './panel.js';

/** More lines than this are not told apart; the highest ones are shown. */
const MAX_LINES = 8;
/** The window of a rate or a percentile: as short as it can be and still have samples to compare. */
const WINDOW_INTERVALS = 4;
const SHORTEST_WINDOW_MS = 60_000;

/** A line that has been drawn: null where nothing is known. */
export interface Line {
  readonly name: string;
  readonly values: readonly (number | null)[];
}

/** A chart with its numbers. */
export interface PanelData {
  readonly title: string;
  readonly help?: string;
  readonly unit: Unit;
  /** Milliseconds since the Unix epoch. */
  readonly times: readonly number[];
  readonly series: readonly Line[];
  readonly omitted: number;
  readonly thresholds: readonly Threshold[];
}

export interface Threshold {
  readonly value: number;
  readonly severity: string;
}

export interface ViewData {
  readonly title: string;
  readonly empty: string;
  readonly panels: readonly PanelData[];
}

/** Draws the charts of a view. Whoever asks for the same one between two samples gets the same answer. */
export class ViewReader {
  private readonly drawn = new Map<string, Promise<ViewData>>();
  private drawnAt: number | undefined;

  constructor(
    private readonly history: MetricsHistory,
    private readonly thresholdsOf: (vital: string) => readonly Threshold[],
  ) {}

  /** @param rangeMs how far back, in milliseconds */
  read(view: View, rangeMs: number): Promise<ViewData> {
    if (this.drawnAt !== this.history.lastSample) this.drawn.clear();
    this.drawnAt = this.history.lastSample;
    const key = JSON.stringify([view.name, rangeMs]);
    let data = this.drawn.get(key);
    if (data === undefined) {
      data = this.draw(view, rangeMs);
      this.drawn.set(key, data);
    }
    return data;
  }

  /** One chart. */
  panel(panel: Panel, rangeMs: number): PanelData {
    const present = panel.queries.filter(({ metric }) => this.history.typeOf(metric) !== undefined);
    const until = this.history.lastSample ?? 0;
    const times =
      present.length === 0
        ? []
        : this.history.timestamps(present[0].metric).filter((time) => time > until - rangeMs);
    const lines = present.flatMap((query) => this.linesOf(query, times));
    const { title, help, unit, threshold } = panel;
    return {
      title,
      ...(help !== undefined && { help }),
      unit,
      times,
      series: highest(lines),
      omitted: Math.max(0, lines.length - MAX_LINES),
      thresholds: threshold === undefined ? [] : this.thresholdsOf(threshold),
    };
  }

  /** Everything else gets its turn between two charts. */
  private async draw({ title, empty, panels }: View, rangeMs: number): Promise<ViewData> {
    const drawn: PanelData[] = [];
    for (const panel of panels) {
      const data = this.panel(panel, rangeMs);
      if (data.series.length > 0) drawn.push(data);
      await new Promise((resolve) => setImmediate(resolve));
    }
    return { title, empty, panels: drawn };
  }

  private linesOf(query: Query, times: readonly number[]): Line[] {
    const lines = new Map<string, (number | null)[]>();
    times.forEach((at, i) => {
      for (const { labels, value } of this.readingsAt(query, at)) {
        const name = nameOf(query, labels);
        let values = lines.get(name);
        if (values === undefined) {
          values = times.map(() => null);
          lines.set(name, values);
        }
        values[i] = Number.isFinite(value) ? value * (query.scale ?? 1) : null;
      }
    });
    return [...lines].map(([name, values]) => ({ name, values }));
  }

  private readingsAt({ metric, compute, labels, groupBy = [] }: Query, at: number): readonly Reading[] {
    const { history } = this;
    const windowMs = Math.max(SHORTEST_WINDOW_MS, history.intervalMs * WINDOW_INTERVALS);
    const options = { at, groupBy, ...(labels && { labels }) };
    switch (compute) {
      case 'value':
        return history.last(metric, options);
      case 'rate':
        return history.rate(metric, windowMs, options);
      case 'rate of the sum':
        return history.rate(metric, windowMs, { ...options, part: 'sum' });
      case 'increase':
        return history.increase(metric, windowMs, options);
      case 'average':
        return history.average(metric, windowMs, options);
      default: {
        const q = Number(compute.slice(1)) / 100;
        return history.withPercentiles.has(metric)
          ? history.percentile(metric, q, windowMs, options)
          : history.bucketQuantile(metric, q, windowMs, options);
      }
    }
  }
}

function nameOf({ groupBy = [], legend }: Query, labels: Readonly<Record<string, string>>): string {
  const values = groupBy.map((label) => labels[label]).filter((value) => value !== undefined);
  if (values.length === 0) return legend;
  return legend === '' ? values.join(' ') : `${values.join(' ')} ${legend}`;
}

function highest(lines: readonly Line[]): Line[] {
  if (lines.length <= MAX_LINES) return [...lines];
  const peak = ({ values }: Line): number =>
    values.reduce<number>((most, value) => Math.max(most, value ?? 0), 0);
  return lines.toSorted((a, b) => peak(b) - peak(a)).slice(0, MAX_LINES);
}
