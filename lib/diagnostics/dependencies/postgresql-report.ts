/** A part of a report: its rows, or the reason why there are none. */
export type ReportPart<T> =
  | { readonly rows: readonly T[]; readonly note?: string }
  | {
      /** Reason why the part cannot be read, such as a right that the role lacks. */
      readonly problem: string;
    };

/** A statement that runs, or a transaction that is open. Its text has no values. */
export interface RunningStatement {
  /** Id of the process of the server. */
  readonly pid: number;
  /** State of the connection in `pg_stat_activity`: `active`, `idle in transaction`, … */
  readonly state: string;
  readonly application: string;
  readonly role: string;
  /** Time since the statement began. */
  readonly seconds: number;
  /** Time since the transaction began, in seconds; absent outside of one. */
  readonly transactionSeconds?: number;
  /** The event that it waits for, such as `Lock: transactionid`; absent if it computes. */
  readonly waitsFor?: string;
  readonly statement: string;
}

/** A statement that waits for a lock. */
export interface LockWait {
  readonly pid: number;
  readonly seconds: number;
  readonly mode: string;
  /** Table, or the kind of the lock. */
  readonly on: string;
  readonly statement: string;
  /** Process that holds the lock, what it does, and since when its transaction is open. */
  readonly holder: {
    readonly pid: number;
    readonly state: string;
    readonly seconds?: number;
    readonly statement: string;
  };
}

/** A statement with the time that it took in total. */
export interface SlowStatement {
  readonly statement: string;
  readonly calls: number;
  readonly totalSeconds: number;
  readonly meanSeconds: number;
  readonly maxSeconds: number;
  readonly rows: number;
  readonly blocksRead: number;
}

/** An index that no scan has used. */
export interface UnusedIndex {
  readonly table: string;
  readonly index: string;
  readonly bytes: number;
}

/** A foreign key whose columns begin no index. */
export interface KeyWithoutIndex {
  readonly table: string;
  readonly columns: string;
  readonly referenced: string;
  readonly name: string;
  readonly rows: number;
}

/** A table that is often read as a whole. */
export interface TableReadWhole {
  readonly table: string;
  readonly scans: number;
  readonly rowsPerScan: number;
  readonly indexScans: number;
  readonly rows: number;
}

/** The state of one PostgreSQL database, as far as the role of the application may see it. */
export interface PostgresqlReport {
  /** Milliseconds since the Unix epoch. */
  readonly readAt: number;
  /** Time since which the server counts, in milliseconds since the Unix epoch. */
  readonly countedSince?: number;
  readonly activity: ReportPart<RunningStatement>;
  readonly locks: ReportPart<LockWait>;
  readonly slowest: ReportPart<SlowStatement>;
  readonly unusedIndexes: ReportPart<UnusedIndex>;
  readonly keysWithoutIndex: ReportPart<KeyWithoutIndex>;
  readonly tablesReadWhole: ReportPart<TableReadWhole>;
}
