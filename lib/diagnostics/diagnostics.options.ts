import {
  type FlightRecorderOptions,
  resolveFlightRecorder,
} from './flight-recorder/flight-recorder.options.js';
import { duration, group, type OptionTable, readOptions } from '../options/option-table.js';

/** Options of the diagnostics. */
export interface DiagnosticsOptions {
  /** Watch of the event loop, which names the function that blocked it, or false. @default on, but not in production */
  readonly blockedLoop?: BlockedLoopOptions | false;
  /** Recorder of the last minute, which tells how the process before this one ended, or false. @default off */
  readonly flightRecorder?: FlightRecorderOptions | false;
}

/** Options of the watch of the event loop. */
export interface BlockedLoopOptions {
  /** Delay from which on the event loop counts as blocked, in milliseconds. @default 100 */
  readonly thresholdMs?: number;
}

/** The options of {@link DiagnosticsOptions}, with every default filled in. */
export interface ResolvedDiagnostics {
  readonly blockedLoop: Required<BlockedLoopOptions> | false;
  readonly flightRecorder: Required<FlightRecorderOptions> | false;
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
  if (diagnostics === false) return { blockedLoop: false, flightRecorder: false };
  return readOptions<DiagnosticsOptions, ResolvedDiagnostics>('diagnostics', diagnostics, {
    blockedLoop: group(
      (blockedLoop: BlockedLoopOptions | false = environment === 'production' ? false : {}) =>
        blockedLoop === false ? false : readOptions('diagnostics.blockedLoop', blockedLoop, BLOCKED_LOOP),
    ),
    flightRecorder: group(resolveFlightRecorder),
  });
}
