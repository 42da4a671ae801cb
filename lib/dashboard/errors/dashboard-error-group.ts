/** A group of errors, as far as the dashboard reads it; the rest of it is sent as it is. */
export interface DashboardErrorGroup {
  readonly id: string;
  /** Class of the errors. */
  readonly error: string;
  readonly message: string | undefined;
  /** The place of the application. */
  readonly site: string | undefined;
  readonly causes: readonly string[];
  readonly firstSeenAt: number;
  readonly lastSeenAt: number;
  readonly count: number;
  readonly unhandled: number;
  /** Errors in each of the last minutes, the current one last. */
  readonly perMinute: readonly number[];
  readonly operations: readonly {
    readonly source: string;
    readonly name: string;
    readonly count: number;
  }[];
}
