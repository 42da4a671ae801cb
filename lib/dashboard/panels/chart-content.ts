import type { LabelMatchers } from '../../query/label-matchers.js';
import { labelTest, matchersOf } from '../../query/label-matchers.js';
import { parsePromql } from '../../query/promql-parser.js';
import { PromqlError } from '../../query/promql-tokens.js';
import type { Computation, Unit } from '../views/panel.js';
import { known, LENGTH, MAX, UNITS } from './content-limits.js';
import {
  type ContentPart,
  invalid,
  itemsOf,
  membersOf,
  numberOf,
  oneOf,
  textOf,
  titleOf,
} from './content-reader.js';

const MAX_POINTS = 500;
const MAX_LABELS = 10;
const MAX_VALUES_OF_LABEL = 100;

const COMPUTATIONS: readonly Computation[] = [
  'value',
  'rate',
  'rate of the sum',
  'increase',
  'average',
  'p50',
  'p90',
  'p95',
  'p99',
];

/** A line of metrics, checked. */
export interface ShownLine {
  readonly metric: string;
  readonly compute?: Computation;
  readonly labels?: LabelMatchers;
  readonly groupBy: readonly string[];
  readonly name?: string;
  readonly scale?: number;
}

/** A line of a query in PromQL, checked. */
export interface ShownPromqlLine {
  readonly promql: string;
  readonly name?: string;
}

/** A chart, checked: of metrics, or of values. */
export interface ShownChart {
  readonly title: string;
  readonly help?: string;
  readonly unit?: Unit;
  readonly lines?: readonly ShownLine[];
  readonly queries?: readonly ShownPromqlLine[];
  readonly times?: readonly number[];
  readonly series?: readonly { readonly name: string; readonly values: readonly (number | null)[] }[];
  /** Number of lines that are left out. */
  readonly omitted: number;
}

/** Returns a chart, checked. @throws {PanelContentError} */
export function chartOf(part: ContentPart): ShownChart {
  const { title, help, unit, lines, times, series } = membersOf(part, [
    'title',
    'help',
    'unit',
    'lines',
    'times',
    'series',
  ]);
  const head = {
    title: titleOf(title, LENGTH.title),
    ...known('help', textOf(help, LENGTH.note)),
    ...known('unit', oneOf(unit, UNITS)),
  };
  if (lines.value !== undefined) {
    if (series.value !== undefined) invalid(series, 'absent beside `lines`');
    const { items, omitted } = itemsOf(lines, MAX.lines);
    const queries = items.filter(isPromql).map(promqlOf);
    return {
      ...head,
      lines: items.filter((item) => !isPromql(item)).map(lineOf),
      ...(queries.length > 0 && { queries }),
      omitted,
    };
  }
  if (series.value === undefined) invalid(lines, 'a list of lines, or `times` and `series` given');
  return { ...head, ...valuesOf(times, series) };
}

function lineOf(part: ContentPart): ShownLine {
  const { metric, compute, labels, groupBy, name, scale } = membersOf(part, [
    'metric',
    'compute',
    'labels',
    'groupBy',
    'name',
    'scale',
  ]);
  return {
    metric: titleOf(metric, LENGTH.name),
    ...known('compute', oneOf(compute, COMPUTATIONS)),
    ...known('labels', matchersIn(labels)),
    groupBy: itemsOf(groupBy, MAX_LABELS).items.map((item) => titleOf(item, LENGTH.name)),
    ...known('name', textOf(name, LENGTH.title)),
    ...known('scale', numberOf(scale)),
  };
}

function isPromql({ value }: ContentPart): boolean {
  return typeof value === 'object' && value !== null && 'promql' in value;
}

function promqlOf(part: ContentPart): ShownPromqlLine {
  const { promql, name } = membersOf(part, ['promql', 'name']);
  const { value } = promql;
  const isText = typeof value === 'string' && value.trim() !== '' && value.length <= LENGTH.promql;
  if (!isText) invalid(promql, `a query in PromQL of at most ${LENGTH.promql} characters`);
  try {
    // The metrics may not exist yet: only the text is checked.
    parsePromql(value, () => undefined);
  } catch (error) {
    if (!(error instanceof PromqlError)) throw error;
    invalid(promql, `PromQL that the dashboard evaluates (${error.message}, at character ${error.at + 1})`);
  }
  return { promql: value, ...known('name', textOf(name, LENGTH.title)) };
}

/** Returns matchers that the history can apply, copied. */
function matchersIn(part: ContentPart): LabelMatchers | undefined {
  const { value } = part;
  if (value === undefined) return undefined;
  const isMatchers =
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    Object.keys(value).length <= MAX_LABELS &&
    Object.values(value).every(isLabelMatcher);
  if (!isMatchers) invalid(part, 'strings, lists of strings or regular expressions by label');
  const labels = { ...value } as LabelMatchers;
  // Throws for a regular expression that the history cannot apply.
  labelTest(matchersOf(labels));
  return labels;
}

function isLabelMatcher(matcher: unknown): boolean {
  const isNegated =
    typeof matcher === 'object' && matcher !== null && !Array.isArray(matcher) && 'not' in matcher;
  const pattern = isNegated ? matcher.not : matcher;
  if (typeof pattern === 'string' || pattern instanceof RegExp) return true;
  return (
    Array.isArray(pattern) &&
    pattern.length <= MAX_VALUES_OF_LABEL &&
    pattern.every((each) => typeof each === 'string')
  );
}

function valuesOf(times: ContentPart, series: ContentPart): Pick<ShownChart, 'times' | 'series' | 'omitted'> {
  if (!Array.isArray(times.value)) invalid(times, 'a list of dates or milliseconds');
  const skipped = Math.max(0, times.value.length - MAX_POINTS);
  const moments = times.value.slice(skipped).map((time: unknown, i) => {
    const at = time instanceof Date ? time.getTime() : time;
    const part = { value: time, place: `${times.place}[${i + skipped}]` };
    return typeof at === 'number' && Number.isFinite(at) ? at : invalid(part, 'a date or milliseconds');
  });
  if (moments.some((at, i) => i > 0 && at <= moments[i - 1]!)) invalid(times, 'in ascending order');
  const { items, omitted } = itemsOf(series, MAX.lines);
  const lines = items.map((item) => {
    const { name, values } = membersOf(item, ['name', 'values']);
    if (!Array.isArray(values.value)) invalid(values, 'a list of numbers');
    const given = values.value.slice(skipped, skipped + MAX_POINTS) as unknown[];
    return {
      name: titleOf(name, LENGTH.title),
      values: moments.map((_, i) => {
        const value = given[i];
        return typeof value === 'number' && Number.isFinite(value) ? value : null;
      }),
    };
  });
  return { times: moments, series: lines, omitted };
}
