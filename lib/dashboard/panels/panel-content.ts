import type { LabelMatchers } from '../../query/label-matchers.js';
import { labelTest, matchersOf } from '../../query/label-matchers.js';
import type { Computation, Unit } from '../views/panel.js';
import type { DashboardState } from './dashboard-panel.js';
import {
  type ContentPart,
  invalid,
  itemsOf,
  membersOf,
  numberOf,
  oneOf,
  type ShownValue,
  textOf,
  titleOf,
  valueOf,
} from './content-reader.js';

/** Limits of a content in number. */
const MAX = {
  paragraphs: 20,
  figures: 24,
  charts: 8,
  lines: 8,
  tables: 8,
  columns: 20,
  rows: 200,
  actions: 10,
};
const MAX_POINTS = 500;
const MAX_LABELS = 10;
const MAX_VALUES_OF_LABEL = 100;
/** Limits in characters. */
const LENGTH = { paragraph: 1_000, title: 80, note: 200, cell: 300, name: 200 };

const UNITS: readonly Unit[] = [
  'number',
  'seconds',
  'milliseconds',
  'bytes',
  'percent',
  'ratio',
  'per second',
  'bytes per second',
  'timestamp',
];
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
const STATES: readonly DashboardState[] = ['ok', 'warning', 'critical', 'unknown'];

/** A key figure, checked. */
export interface ShownFigure {
  readonly title: string;
  readonly value: ShownValue;
  readonly unit?: Unit;
  readonly state?: DashboardState;
  readonly note?: string;
}

/** A line of metrics, checked. */
export interface ShownLine {
  readonly metric: string;
  readonly compute?: Computation;
  readonly labels?: LabelMatchers;
  readonly groupBy: readonly string[];
  readonly name?: string;
  readonly scale?: number;
}

/** A chart, checked: of metrics, or of values. */
export interface ShownChart {
  readonly title: string;
  readonly help?: string;
  readonly unit?: Unit;
  readonly lines?: readonly ShownLine[];
  readonly times?: readonly number[];
  readonly series?: readonly { readonly name: string; readonly values: readonly (number | null)[] }[];
  /** Number of lines that are left out. */
  readonly omitted: number;
}

/** A table, checked. */
export interface ShownTable {
  readonly title: string;
  readonly columns: readonly { readonly title: string; readonly unit?: Unit }[];
  readonly rows: readonly (readonly ShownValue[])[];
  /** Number of rows that are left out. */
  readonly omitted: number;
  readonly empty?: string;
}

/** A button, checked. */
export interface ShownAction {
  readonly title: string;
  readonly confirm?: string;
  readonly run: (signal: AbortSignal) => unknown;
}

/** The content of a panel, checked and bounded. */
export interface ShownContent {
  readonly text: readonly string[];
  readonly figures: readonly ShownFigure[];
  readonly charts: readonly ShownChart[];
  readonly tables: readonly ShownTable[];
  readonly actions: readonly ShownAction[];
  /** Sentences about what was left out. */
  readonly notes: readonly string[];
}

/**
 * Returns the content that a method has returned, copied, checked and bounded. Yields after each small step.
 *
 * @throws {PanelContentError} if it cannot be shown; whatever its getters throw
 */
export function* readContent(value: unknown): Generator<void, ShownContent, void> {
  const part = { value: value ?? {}, place: '' };
  if (typeof part.value !== 'object' || Array.isArray(part.value)) {
    invalid({ value, place: 'the result' }, 'an object with text, figures, charts, tables or actions');
  }
  const members = membersOf(part, ['text', 'figures', 'charts', 'tables', 'actions']);
  const notes: string[] = [];
  const texts =
    typeof members.text.value === 'string' ? { ...members.text, value: [members.text.value] } : members.text;
  const text = yield* eachOf(texts, MAX.paragraphs, 'paragraphs', notes, paragraphOf);
  const figures = yield* eachOf(members.figures, MAX.figures, 'figures', notes, figureOf);
  const charts = yield* eachOf(members.charts, MAX.charts, 'charts', notes, chartOf);
  const tables: ShownTable[] = [];
  const { items, omitted } = itemsOf(members.tables, MAX.tables);
  for (const item of items) tables.push(yield* tableOf(item));
  note(notes, omitted, 'tables');
  const actions = yield* eachOf(members.actions, MAX.actions, 'buttons', notes, actionOf);
  const twice = actions.find(({ title }, i) => actions.findIndex((other) => other.title === title) !== i);
  if (twice !== undefined)
    invalid(members.actions, `a list of different titles (“${twice.title}” is there twice)`);
  return { text, figures, charts, tables, actions, notes };
}

function* eachOf<T>(
  part: ContentPart,
  limit: number,
  what: string,
  notes: string[],
  read: (item: ContentPart) => T,
): Generator<void, T[], void> {
  const { items, omitted } = itemsOf(part, limit);
  const found: T[] = [];
  for (const item of items) {
    found.push(read(item));
    yield;
  }
  note(notes, omitted, what);
  return found;
}

function note(notes: string[], omitted: number, what: string): void {
  if (omitted > 0) notes.push(`${omitted} more ${what} are not shown.`);
}

function paragraphOf(part: ContentPart): string {
  return textOf(part, LENGTH.paragraph) ?? invalid(part, 'a string');
}

function figureOf(part: ContentPart): ShownFigure {
  const {
    title,
    value,
    unit,
    state,
    note: noteOf,
  } = membersOf(part, ['title', 'value', 'unit', 'state', 'note']);
  return {
    title: titleOf(title, LENGTH.title),
    value: valueOf(value, LENGTH.title),
    ...known('unit', oneOf(unit, UNITS)),
    ...known('state', oneOf(state, STATES)),
    ...known('note', textOf(noteOf, LENGTH.note)),
  };
}

function chartOf(part: ContentPart): ShownChart {
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
    return { ...head, lines: items.map(lineOf), omitted };
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

function* tableOf(part: ContentPart): Generator<void, ShownTable, void> {
  const { title, columns, rows, total, empty } = membersOf(part, [
    'title',
    'columns',
    'rows',
    'total',
    'empty',
  ]);
  const shown = itemsOf(columns, MAX.columns).items.map((item) => {
    if (typeof item.value === 'string') return { title: titleOf(item, LENGTH.title) };
    const column = membersOf(item, ['title', 'unit']);
    return { title: titleOf(column.title, LENGTH.title), ...known('unit', oneOf(column.unit, UNITS)) };
  });
  if (shown.length === 0) invalid(columns, 'a list of at least one column');
  const { items, omitted } = itemsOf(rows, MAX.rows);
  const found: ShownValue[][] = [];
  for (const row of items) {
    if (!Array.isArray(row.value)) invalid(row, 'a list of values');
    const { items: cells } = itemsOf(row, shown.length);
    found.push(shown.map((_, i) => (cells[i] === undefined ? null : valueOf(cells[i], LENGTH.cell))));
    yield;
  }
  const all = numberOf(total) ?? 0;
  return {
    title: titleOf(title, LENGTH.title),
    columns: shown,
    rows: found,
    omitted: Math.max(omitted, Math.round(all) - found.length),
    ...known('empty', textOf(empty, LENGTH.note)),
  };
}

function actionOf(part: ContentPart): ShownAction {
  const { title, confirm, run } = membersOf(part, ['title', 'confirm', 'run']);
  const { value } = run;
  if (typeof value !== 'function') invalid(run, 'a function');
  const owner = part.value;
  return {
    title: titleOf(title, LENGTH.title),
    ...known('confirm', textOf(confirm, LENGTH.note)),
    run: (signal) => Reflect.apply(value, owner, [signal]) as unknown,
  };
}

/** Returns an object with a member, unless it is undefined. */
function known<K extends string, T>(key: K, value: T | undefined): { [P in K]?: T } {
  return (value === undefined ? {} : { [key]: value }) as { [P in K]?: T };
}
