import { countOf, expectKeys, expectOption, intervalMsOf } from '../options/option-checks.js';

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
export interface ResolvedCluster {
  readonly id: string | undefined;
  readonly directory: string | undefined;
  readonly timeoutMs: number;
  readonly leaderTimeoutMs: number;
  readonly maxMessageBytes: number;
}

const NON_EMPTY_STRING = 'a non-empty string';

/**
 * Returns the options with their defaults; undefined if the option is not given, false if it is disabled.
 *
 * @throws {MonitoringOptionsError}
 */
export function resolveCluster(
  cluster: ClusterOptions | boolean | undefined,
): ResolvedCluster | false | undefined {
  if (cluster === undefined || cluster === false) return cluster;
  const options = cluster === true ? {} : cluster;
  expectKeys('cluster', options, ['id', 'directory', 'timeoutMs', 'leaderTimeoutMs', 'maxMessageBytes']);
  const { id, directory } = options;
  expectOption('cluster.id', id, NON_EMPTY_STRING, id === undefined || isNonEmptyString(id));
  expectOption(
    'cluster.directory',
    directory,
    NON_EMPTY_STRING,
    directory === undefined || isNonEmptyString(directory),
  );
  return {
    id,
    directory,
    timeoutMs: intervalMsOf('cluster.timeoutMs', options.timeoutMs, 1_000),
    leaderTimeoutMs: intervalMsOf('cluster.leaderTimeoutMs', options.leaderTimeoutMs, 5_000),
    maxMessageBytes: countOf('cluster.maxMessageBytes', options.maxMessageBytes, 64 * 1024 * 1024, 1_024),
  };
}

function isNonEmptyString(value: unknown): boolean {
  return typeof value === 'string' && value !== '';
}
