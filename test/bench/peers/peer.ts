/** Does something `times` times, the loop within, so that only the library is measured. */
export type Loop = (times: number) => void;

/** A set of series to render, and the means to change some of them. */
export interface Rendered {
  render(): Promise<unknown>;
  /** Changes the first `count` series. */
  touch(count: number): void;
}

/** A metrics library, as far as the benchmark uses it; what a library does not have is left out. */
export interface Peer {
  readonly name: string;
  /** What `import()` takes, for the cost of loading it. */
  readonly specifier: string;
  boundInc?(): Loop;
  inc(labelSets: readonly LabelSet[]): Loop;
  boundSet?(): Loop;
  set(labelSets: readonly LabelSet[]): Loop;
  boundObserve?(): Loop;
  observe(labelSets: readonly LabelSet[]): Loop;
  /** Each turn adds a series of three labels that was never there. */
  firstTouch(): Loop;
  counters(series: number): Rendered;
  histograms(series: number): Rendered;
  /** Histograms of many values each, in the format that has most of them: native ones, or classic ones as text. */
  distributions(series: number, values: number): Rendered;
}

export type LabelSet = Readonly<Record<string, string>>;

/** Durations as they come in, in no order. */
export function observedValue(i: number): number {
  return ((i * 7919) & 1023) / 1000;
}

/** Durations as those of requests: log-normal about 50 ms, from a millisecond to a second and more. */
export function spreadValue(i: number): number {
  const uniform = ((Math.imul(i + 1, 2_654_435_761) >>> 0) + 0.5) / 2 ** 32;
  const angle = (((Math.imul(i + 7, 40_503_929) >>> 0) + 0.5) / 2 ** 32) * 2 * Math.PI;
  return Math.exp(-3 + Math.sqrt(-2 * Math.log(uniform)) * Math.cos(angle));
}

/** The labels of the i-th series of a set in which one label differs from series to series. */
export function seriesLabels(i: number): { method: string; route: string; status_code: string } {
  return { method: 'GET', route: `/api/resource/${i}`, status_code: '200' };
}
