import type { RouteRow, RouteStatistics } from './route-rows.js';
import { sortedRows } from '../sorted-rows.js';

/** The orders of the list of routes. Each but that of the names begins with the largest. */
const SORT_KEYS = {
  severity: (row: RouteRow) => [
    { critical: 2, warning: 1, ok: 0 }[row.severity],
    row.impact.failurePercent,
    row.impact.timePercent,
  ],
  impact: ({ impact }: RouteRow) => [Math.max(impact.timePercent, impact.failurePercent), impact.timePercent],
  rate: ({ now }: RouteRow) => [now.perSecond],
  failures: ({ now }: RouteRow) => [now.errorPercent, now.classes['5xx'] ?? 0],
  clientErrors: ({ now }: RouteRow) => [now.clientErrorPercent, now.classes['4xx'] ?? 0],
  p50: ({ now }: RouteRow) => [now.p50 ?? -1],
  p95: ({ now }: RouteRow) => [now.p95 ?? -1],
  change: ({ change }: RouteRow) => [change?.p95 ?? -1],
  repeated: ({ repeated }: RouteRow) => [repeated],
  name: () => [],
} as const satisfies Record<string, (row: RouteRow) => readonly number[]>;

/** The name of an order of the list of routes. */
export type RouteOrder = keyof typeof SORT_KEYS;

export const ROUTE_ORDERS = Object.keys(SORT_KEYS) as readonly RouteOrder[];
/** The status classes that routes can be selected by. */
export const STATUS_CLASSES = ['2xx', '3xx', '4xx', '5xx'] as const;
/** A status class that routes can be selected by. */
export type StatusClass = (typeof STATUS_CLASSES)[number];

/** A selection of routes. */
export interface RouteSelection {
  /** Text that method and route contain, whatever the case of its letters; several words must all be there. */
  readonly search: string;
  /** Only routes with responses of this class in the window. */
  readonly status: StatusClass | undefined;
  readonly sort: RouteOrder;
  /** True for the reverse order. */
  readonly reverse: boolean;
  readonly limit: number;
}

/** A part of the routes. */
export interface RouteList extends Omit<RouteStatistics, 'rows'> {
  readonly routes: readonly RouteRow[];
  /** Number of all routes with requests. */
  readonly count: number;
  /** Number of those that match and are left out. */
  readonly omitted: number;
  /** Number of routes by severity, among those that match the search. */
  readonly severities: Readonly<Record<RouteRow['severity'], number>>;
  /** Number of routes with responses of each class, among those that match the search. */
  readonly classes: Readonly<Record<StatusClass, number>>;
}

/** Returns the selected part of the routes. */
export function selectRoutes(
  { rows, ...statistics }: RouteStatistics,
  { search, status, sort, reverse, limit }: RouteSelection,
): RouteList {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  const found = rows.filter((row) => {
    const name = nameOf(row).toLowerCase();
    return words.every((word) => name.includes(word));
  });
  const has = ({ now }: RouteRow, each: StatusClass): boolean => (now.classes[each] ?? 0) > 0;
  const matching = status === undefined ? found : found.filter((row) => has(row, status));
  const sorted = sortedRows(matching, SORT_KEYS[sort], nameOf);
  if (reverse) sorted.reverse();
  const countOf = (severity: RouteRow['severity']): number =>
    found.filter((row) => row.severity === severity).length;
  return {
    ...statistics,
    routes: sorted.slice(0, limit),
    count: rows.length,
    omitted: Math.max(0, sorted.length - limit),
    severities: { critical: countOf('critical'), warning: countOf('warning'), ok: countOf('ok') },
    classes: Object.fromEntries(
      STATUS_CLASSES.map((each) => [each, found.filter((row) => has(row, each)).length]),
    ) as Record<StatusClass, number>,
  };
}

function nameOf({ method, route }: RouteRow): string {
  return `${method} ${route}`;
}
