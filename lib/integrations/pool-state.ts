/** How a pool of connections is, whichever library has it. */
export interface PoolState {
  readonly used: number;
  readonly idle: number;
  /** How many wait for a connection. */
  readonly pending: number;
  /** How many connections there may be; undefined if there is no limit. */
  readonly max?: number | undefined;
}

/** Is told in seconds how long somebody waited for a connection. */
export type WaitObserver = (seconds: number) => void;
