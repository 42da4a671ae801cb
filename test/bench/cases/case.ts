import type { Goal } from '../goal.js';
import type { Measured } from '../measure.js';
import type { Peer } from '../peers/peer.js';

/** How much of an effort to make: `quick` only proves that the benchmark runs. */
export interface Effort {
  readonly rounds: number;
  readonly roundMs: number;
  /** By what the sizes of large cases are divided. */
  readonly divisor: number;
}

export const FULL: Effort = { rounds: 15, roundMs: 60, divisor: 1 };
export const QUICK: Effort = { rounds: 1, roundMs: 2, divisor: 100 };

/** A row of the table. */
export interface Row {
  readonly title: string;
  readonly unit: 'ns' | 'ms' | 'B' | 'MB' | '%';
  /** By the name of the peer; a peer that cannot do it is left out. */
  readonly results: Readonly<Record<string, Measured>>;
  /** Undefined for a row that is only there to be seen. */
  readonly goal?: Goal | undefined;
}

/** One or several rows, measured in a process of their own. */
export interface Case {
  readonly name: string;
  run(peers: readonly Peer[], effort: Effort): Promise<Row[]>;
}

export function byPeer<T>(peers: readonly Peer[], make: (peer: Peer) => T | undefined): Record<string, T> {
  return Object.fromEntries(
    peers.flatMap((peer) => {
      const made = make(peer);
      return made === undefined ? [] : [[peer.name, made] as const];
    }),
  );
}
