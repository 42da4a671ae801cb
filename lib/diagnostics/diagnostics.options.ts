import { type MemoryOptions, type ResolvedMemory, resolveMemory } from './memory/memory.options.js';
import { duration, group, type OptionTable, readOptions } from '../options/option-table.js';

/** Options of the diagnostics. */
export interface DiagnosticsOptions {
  /** Watch of the event loop, which names the function that blocked it, or false. @default on, but not in production */
  readonly blockedLoop?: BlockedLoopOptions | false;
  /** Search for memory that grows, which suspects a leak, or false. @default on */
  readonly memory?: MemoryOptions | false;
}

/** Options of the watch of the event loop. */
export interface BlockedLoopOptions {
  /** Delay from which on the event loop counts as blocked, in milliseconds. @default 100 */
  readonly thresholdMs?: number;
}

/** The options of {@link DiagnosticsOptions}, with every default filled in. */
export interface ResolvedDiagnostics {
  readonly blockedLoop: Required<BlockedLoopOptions> | false;
  readonly memory: ResolvedMemory | false;
}

export const BLOCKED_LOOP: OptionTable<BlockedLoopOptions> = { thresholdMs: duration(100) };

/**
 * Checks the options and fills in every default.
 *
 * @param environment the value of NODE_ENV
 * @throws {MonitoringOptionsError} for invalid options
 */
export function resolveDiagnostics(
  diagnostics: DiagnosticsOptions | false = {},
  environment?: string,
): ResolvedDiagnostics {
  if (diagnostics === false) return { blockedLoop: false, memory: false };
  return readOptions<DiagnosticsOptions, ResolvedDiagnostics>('diagnostics', diagnostics, {
    blockedLoop: group(
      (blockedLoop: BlockedLoopOptions | false = environment === 'production' ? false : {}) =>
        blockedLoop === false ? false : readOptions('diagnostics.blockedLoop', blockedLoop, BLOCKED_LOOP),
    ),
    memory: group(resolveMemory),
  });
}
