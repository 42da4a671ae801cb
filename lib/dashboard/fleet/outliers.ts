import { medianOf } from '../../primitives/median.js';

/** The figures by which instances are compared. */
export const FIGURE_NAMES = [
  'requestsPerSecond',
  'errorPercent',
  'p99Seconds',
  'cpuPercent',
  'memoryBytes',
  'lagSeconds',
] as const;
export type FigureName = (typeof FIGURE_NAMES)[number];

/** The figures of one instance; one that is not known is left out. */
export type InstanceFigures = Readonly<Partial<Record<FigureName, number>>>;

/** A figure of an instance that is much higher than that of most others. */
export interface Outlier {
  readonly instance: string;
  readonly figure: FigureName;
  readonly value: number;
  /** Median of all instances. */
  readonly median: number;
  /** Words such as "p99 4×". */
  readonly text: string;
}

/** From how many times the median, and how far above it, a figure is an outlier; and what it is called. */
interface Comparison {
  readonly figure: FigureName;
  readonly name: string;
  readonly ratio: number;
  readonly above: number;
}

const MEBIBYTE = 1024 * 1024;
/** A low figure is none: an instance that has just started has few requests and little memory. */
const COMPARISONS: readonly Comparison[] = [
  { figure: 'errorPercent', name: 'errors', ratio: 2, above: 1 },
  { figure: 'p99Seconds', name: 'p99', ratio: 2, above: 0.02 },
  { figure: 'lagSeconds', name: 'event loop lag', ratio: 3, above: 0.05 },
  { figure: 'cpuPercent', name: 'CPU', ratio: 2, above: 15 },
  { figure: 'memoryBytes', name: 'memory', ratio: 1.5, above: 100 * MEBIBYTE },
];
/** The fewest instances that are compared: of two that differ, either may be the odd one. */
export const MIN_INSTANCES = 3;
const MAX_OUTLIERS = 20;

/** Returns the figures that are much higher than those of most instances, the farthest from the median first. */
export function outliersOf(instances: ReadonlyMap<string, InstanceFigures>): Outlier[] {
  const found = COMPARISONS.flatMap(({ figure, name, ratio, above }) => {
    const known = Array.from(instances, ([instance, figures]) => ({
      instance,
      value: figures[figure],
    })).filter((each): each is { instance: string; value: number } => each.value !== undefined);
    if (known.length < MIN_INSTANCES) return [];
    const median = medianOf(known.map(({ value }) => value));
    return known
      .filter(({ value }) => value >= median * ratio && value - median >= above)
      .map(({ instance, value }) => ({
        instance,
        figure,
        value,
        median,
        text: `${name} ${timesOf(value, median)}`,
      }));
  });
  return found.toSorted((a, b) => timesAbove(b) - timesAbove(a)).slice(0, MAX_OUTLIERS);
}

/** Returns how many times a median a value is, such as "4×". */
export function timesOf(value: number, median: number): string {
  if (median === 0) return 'on this instance alone';
  const times = value / median;
  return `${times >= 10 ? Math.round(times) : Number(times.toPrecision(2))}×`;
}

function timesAbove({ value, median }: Outlier): number {
  return median === 0 ? Infinity : value / median;
}
