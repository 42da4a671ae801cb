/** The figures of the requests of a route, or of all, in a window. */
export interface RouteFigures {
  readonly requests: number;
  readonly perSecond: number;
  /** Percentage of 5xx responses. */
  readonly errorPercent: number;
  /** Percentage of 4xx responses. */
  readonly clientErrorPercent: number;
  /** Mean duration in seconds. */
  readonly mean?: number;
  readonly p50?: number;
  readonly p95?: number;
  readonly p99?: number;
  /** Number of responses by status class, such as `5xx`. */
  readonly classes: Readonly<Record<string, number>>;
  /** Number of responses by status code. */
  readonly statuses: Readonly<Record<string, number>>;
}

/** The change of the figures of a route from the window before. */
export interface RouteChange {
  /** Rate divided by that of the window before; absent if there was none. */
  readonly perSecond?: number;
  /** Percentage points of 5xx responses. */
  readonly errorPercent: number;
  /** 95th percentile divided by that of the window before. */
  readonly p95?: number;
}

/** The degree to which a route is worth a look. */
export type RouteSeverity = 'critical' | 'warning' | 'ok';

/** A route in the list of routes. */
export interface RouteRow {
  readonly method: string;
  readonly route: string;
  readonly severity: RouteSeverity;
  /** One sentence that says why the route is worth a look; absent if it is not. */
  readonly reason?: string;
  readonly now: RouteFigures;
  /** The figures of the window before, as long; absent if the history does not go back that far. */
  readonly before?: RouteFigures;
  readonly change?: RouteChange;
  readonly impact: {
    /** Percentage of the time that all requests took together. */
    readonly timePercent: number;
    /** Percentage of all 5xx responses. */
    readonly failurePercent: number;
  };
  /** Requests with an N+1 in the window, among those that were recorded. */
  readonly repeated: number;
  readonly trend: RouteTrend;
}

/** Rates per second over the window, oldest first; null where they are unknown. */
export interface RouteTrend {
  readonly requests: readonly (number | null)[];
  /** Those with a 5xx response. */
  readonly failures: readonly (number | null)[];
}

/** All routes with requests in a window or the one before it. */
export interface RouteStatistics {
  /** The window, in milliseconds: the requested range, or the part of it that is covered by samples. */
  readonly windowMs: number;
  /** The covered part of the window before, in milliseconds; 0 if it is too little to compare with. */
  readonly beforeMs: number;
  readonly total: RouteFigures;
  readonly totalBefore: RouteFigures | undefined;
  readonly rows: readonly RouteRow[];
}
