import type { DashboardErrorGroup } from './dashboard-error-group.js';
import { sortedRows } from '../sorted-rows.js';

/** The number of minutes of which the errors count as recent. */
const RECENT_MINUTES = 15;

/** The degree to which a group of errors is worth a look. */
export type ErrorSeverity = 'critical' | 'warning' | 'ok';

/** A group of errors in the list, with what is derived from it. */
export type ErrorRow = DashboardErrorGroup & {
  /** `critical` if errors were unhandled lately or the group is new and goes on, `ok` without recent errors. */
  readonly severity: ErrorSeverity;
  /** Number of errors in the last 15 minutes. */
  readonly recent: number;
  /** True if the first error of the group is one of those. */
  readonly isNew: boolean;
};

const SEVERITY_RANK = { critical: 2, warning: 1, ok: 0 } as const;

/** The orders of the list of errors. Each but that of the names begins with the largest. */
const SORT_KEYS = {
  severity: (row: ErrorRow) => [SEVERITY_RANK[row.severity], row.recent, row.lastSeenAt],
  recent: ({ recent }: ErrorRow) => [recent],
  count: ({ count }: ErrorRow) => [count],
  last: ({ lastSeenAt }: ErrorRow) => [lastSeenAt],
  first: ({ firstSeenAt }: ErrorRow) => [firstSeenAt],
  name: () => [],
} as const satisfies Record<string, (row: ErrorRow) => readonly number[]>;

/** The name of an order of the list of errors. */
export type ErrorOrder = keyof typeof SORT_KEYS;

export const ERROR_ORDERS = Object.keys(SORT_KEYS) as readonly ErrorOrder[];

/** A selection of groups of errors. */
export interface ErrorSelection {
  /** Text that class, message, place or operations contain, whatever the case of its letters; each word must be there. */
  readonly search: string;
  /** Only groups with errors of this source, such as `http` or `job`. */
  readonly source: string | undefined;
  readonly sort: ErrorOrder;
  /** True for the reverse order. */
  readonly reverse: boolean;
  readonly limit: number;
}

/** A part of the groups of errors. */
export interface ErrorList {
  readonly errors: readonly ErrorRow[];
  /** Number of groups that are no longer kept. */
  readonly dropped: number;
  /** Number of all groups that were asked for, whatever is searched for. */
  readonly count: number;
  /** Number of those that match and are left out. */
  readonly omitted: number;
  /** Number of groups by source, among those that match the search. */
  readonly sources: Readonly<Record<string, number>>;
  /** Number of groups by severity, among those that match the search. */
  readonly severities: Readonly<Record<ErrorSeverity, number>>;
}

/** Returns the selected part of groups of errors. */
export function selectErrors(
  groups: readonly DashboardErrorGroup[],
  dropped: number,
  { search, source, sort, reverse, limit }: ErrorSelection,
): ErrorList {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  const found = groups.filter((group) => words.length === 0 || hasWords(group, words)).map(errorRow);
  const matching = found.filter(
    ({ operations }) => source === undefined || operations.some((each) => each.source === source),
  );
  const sorted = sortedRows(matching, SORT_KEYS[sort], nameOf);
  if (reverse) sorted.reverse();
  const countOf = (severity: ErrorSeverity): number =>
    found.filter((row) => row.severity === severity).length;
  return {
    errors: sorted.slice(0, limit),
    dropped,
    count: groups.length,
    omitted: Math.max(0, sorted.length - limit),
    sources: countBySource(found),
    severities: { critical: countOf('critical'), warning: countOf('warning'), ok: countOf('ok') },
  };
}

/** Returns a group with what is derived from it. */
export function errorRow(group: DashboardErrorGroup): ErrorRow {
  const recent = group.perMinute.slice(-RECENT_MINUTES).reduce((sum, count) => sum + count, 0);
  const isNew = recent > 0 && recent >= group.count;
  const isCritical = recent > 0 && (group.unhandled > 0 || (isNew && recent > 1));
  return { ...group, severity: isCritical ? 'critical' : recent > 0 ? 'warning' : 'ok', recent, isNew };
}

function hasWords(group: DashboardErrorGroup, words: readonly string[]): boolean {
  const { error, message = '', site = '', operations, causes } = group;
  const text = [error, message, site, ...causes, ...operations.map(({ name }) => name)]
    .join('\n')
    .toLowerCase();
  return words.every((word) => text.includes(word));
}

function countBySource(rows: readonly ErrorRow[]): Record<string, number> {
  const counts = new Map<string, number>();
  for (const { operations } of rows) {
    for (const source of new Set(operations.map((each) => each.source))) {
      counts.set(source, (counts.get(source) ?? 0) + 1);
    }
  }
  return Object.fromEntries([...counts].toSorted(([, a], [, b]) => b - a));
}

function nameOf({ error, site = '', id }: ErrorRow): string {
  return `${error} ${site} ${id}`;
}
