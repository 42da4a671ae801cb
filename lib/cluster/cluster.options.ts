import { count, interval, type OptionTable, readOptions, text } from '../options/option-table.js';

/** Options of the cluster of workers of an application. */
export interface ClusterOptions {
  /**
   * Id of the application, shared by its workers and unique among the applications of this user on this machine.
   * @default derived from the parent process (`cluster`, PM2, `fork`), or from the process for threads
   */
  readonly id?: string;
  /** Directory of the socket, which only this user may enter. @default a directory in the system's temporary directory */
  readonly directory?: string;
  /** Time limit of a worker's response, in milliseconds; a later response is not shown. @default 1000 */
  readonly timeoutMs?: number;
  /** Time for which the leader may be silent before another worker takes over, in milliseconds. @default 5000 */
  readonly leaderTimeoutMs?: number;
  /** Maximum size of a message, in bytes; a worker that sends more counts as missing. @default 67_108_864 */
  readonly maxMessageBytes?: number;
}

/** Options of the cluster, with every default filled in except those that depend on the process. */
export type ResolvedCluster = Required<Omit<ClusterOptions, 'id' | 'directory'>> & ClusterOptions;

export const CLUSTER: OptionTable<ClusterOptions, ResolvedCluster> = {
  id: text(),
  directory: text(),
  timeoutMs: interval(1_000),
  leaderTimeoutMs: interval(5_000),
  maxMessageBytes: count(64 * 1024 * 1024, 1_024),
};

/**
 * Returns the options with their defaults; undefined if the option is not given, false if it is disabled.
 *
 * @throws {MonitoringOptionsError}
 */
export function resolveCluster(
  cluster: ClusterOptions | false | undefined,
): ResolvedCluster | false | undefined {
  if (cluster === undefined || cluster === false) return cluster;
  return readOptions('cluster', cluster, CLUSTER);
}
