import type { Unit } from '../views/panel.js';
import { chartOf, type ShownChart } from './chart-content.js';
import { known, LENGTH, MAX, UNITS } from './content-limits.js';
import {
  type ContentPart,
  invalid,
  itemsOf,
  membersOf,
  oneOf,
  type ShownValue,
  textOf,
  titleOf,
  valueOf,
} from './content-reader.js';
import type { DashboardState } from './dashboard-panel.js';
import { type ShownTable, tableOf } from './table-content.js';

const STATES: readonly DashboardState[] = ['ok', 'warning', 'critical', 'unknown'];

/** A key figure, checked. */
export interface ShownFigure {
  readonly title: string;
  readonly value: ShownValue;
  readonly unit?: Unit;
  readonly state?: DashboardState;
  readonly note?: string;
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
