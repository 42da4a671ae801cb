import type { MergedSnapshot } from './merged-snapshot.js';
import type { LocalMetrics } from './local-metrics.js';
import type { RendezvousSocket } from './rendezvous-socket.js';
import type { TotalsFile } from './totals-file.js';

/** The objects and limits that the leader and the followers of a cluster share. */
export interface ClusterContext {
  readonly own: LocalMetrics;
  readonly rendezvous: RendezvousSocket;
  readonly totals: TotalsFile;
  readonly view: MergedSnapshot;
  readonly defaultLabels: Readonly<Record<string, string>>;
  /** Time limit of a response, in milliseconds. */
  readonly timeoutMs: number;
  /** Time without a ping after which a leader counts as gone, in milliseconds. */
  readonly leaderTimeoutMs: number;
  /** Time for which the last gauges of a silent worker are shown, in milliseconds. */
  readonly graceMs: number;
  readonly maxMessageBytes: number;
  /** Logs a warning once per topic. */
  readonly warn: (topic: string, message: string) => void;
}
