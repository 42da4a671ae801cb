/** The used part of the private state of a pool. */
export interface PgPoolInternals {
  readonly _clients?: readonly PgClientInternals[];
  /** The callers that wait for a client. */
  readonly _pendingQueue?: PgPendingItem[];
}

/** The used part of the private state of a client. */
export interface PgClientInternals {
  readonly connection?: {
    readonly stream?: { destroy(): unknown };
    /** The texts of the prepared statements, by name. */
    readonly parsedStatements?: Readonly<Record<string, unknown>>;
  };
}

/** A caller that waits for a client. */
export interface PgPendingItem {
  readonly callback: (error: Error) => void;
}
