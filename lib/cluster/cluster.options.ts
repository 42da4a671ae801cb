import { countOf, expectKeys, expectOption, intervalMsOf } from '../options/option-checks.js';

/** How the workers of an application find each other, and how long they wait for each other. */
export interface ClusterOptions {
  /**
   * What the workers have in common, and other applications of this user on this machine have not.
   * @default the process that started them (of `cluster`, PM2 and `fork`), or the process whose threads they are
   */
  readonly id?: string;
  /** Where they meet: a directory that nobody but this user may enter. @default one in the temporary directory */
  readonly directory?: string;
  /** How long the workers may take to answer, in milliseconds; what has come by then is shown. @default 1000 */
  readonly timeoutMs?: number;
  /** How long the worker that leads may be silent before another one takes over, in milliseconds. @default 5000 */
  readonly leaderTimeoutMs?: number;
  /** How long a message may be, in bytes; who sends more is taken to be missing. @default 67_108_864 */
  readonly maxMessageBytes?: number;
}

/** Where and how workers meet, with every default filled in but those that depend on the process. */
export interface ResolvedCluster {
  readonly id: string | undefined;
  readonly directory: string | undefined;
  readonly timeoutMs: number;
  readonly leaderTimeoutMs: number;
  readonly maxMessageBytes: number;
}

const TEXT = 'a text that is not empty';

/**
 * @returns undefined if nothing was said about it, false if it is off
 * @throws {MonitoringOptionsError}
 */
export function resolveCluster(
  cluster: ClusterOptions | boolean | undefined,
): ResolvedCluster | false | undefined {
  if (cluster === undefined || cluster === false) return cluster;
  const options = cluster === true ? {} : cluster;
  expectKeys('cluster', options, ['id', 'directory', 'timeoutMs', 'leaderTimeoutMs', 'maxMessageBytes']);
  const { id, directory } = options;
  expectOption('cluster.id', id, TEXT, id === undefined || isText(id));
  expectOption('cluster.directory', directory, TEXT, directory === undefined || isText(directory));
  return {
    id,
    directory,
    timeoutMs: intervalMsOf('cluster.timeoutMs', options.timeoutMs, 1_000),
    leaderTimeoutMs: intervalMsOf('cluster.leaderTimeoutMs', options.leaderTimeoutMs, 5_000),
    maxMessageBytes: countOf('cluster.maxMessageBytes', options.maxMessageBytes, 64 * 1024 * 1024, 1_024),
  };
}

function isText(value: unknown): boolean {
  return typeof value === 'string' && value !== '';
}
