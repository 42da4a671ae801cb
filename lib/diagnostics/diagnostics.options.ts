import { duration, flag, type OptionTable, readOptions, switchedGroup } from '../options/option-table.js';
import { type ProfilesOptions, type ResolvedProfiles, resolveProfiles } from './profiles/profiles.options.js';
import {
  type FlightRecorderOptions,
  resolveFlightRecorder,
} from './flight-recorder/flight-recorder.options.js';
import { type MemoryOptions, type ResolvedMemory, resolveMemory } from './memory/memory.options.js';

/** Options of the diagnostics. */
export interface DiagnosticsOptions {
  /**
   * Watch of the event loop, which names the function that blocked it, or false.
   * @default on; off if NODE_ENV is `production`
   */
  readonly blockedLoop?: BlockedLoopOptions | boolean;
  /** Times of the start, by phase, module, instance and hook. @default true */
  readonly startup?: boolean;
  /** State of the process: versions, limits, options, routes, modules, operations in flight. @default true */
  readonly processInfo?: boolean;
  /**
   * Profiles of the process on demand, by a signal or by an alert, or false.
   * @default on; false if NODE_ENV is `production` and there is no `endpoints.auth`
   */
  readonly profiles?: ProfilesOptions | boolean;
  /** Recorder of the last minute, which shows how the process before this one ended, or false. @default off */
  readonly flightRecorder?: FlightRecorderOptions | false;
  /** Search for memory that grows as with a leak, or false. @default on */
  readonly memory?: MemoryOptions | boolean;
}

/** Options of the watch of the event loop. */
export interface BlockedLoopOptions {
  /** Delay of the event loop from which it counts as blocked, in milliseconds. @default 100 */
  readonly thresholdMs?: number;
}

/** The options of {@link DiagnosticsOptions}, with every default filled in. */
export interface ResolvedDiagnostics {
  readonly blockedLoop: Required<BlockedLoopOptions> | false;
  /** True if the watch of the event loop is off only because the process is in production. */
  readonly isLoopUnwatched: boolean;
  readonly startup: boolean;
  readonly processInfo: boolean;
  readonly profiles: ResolvedProfiles | false;
  readonly flightRecorder: Required<FlightRecorderOptions> | false;
  readonly memory: ResolvedMemory | false;
}

type DiagnosticParts = Omit<ResolvedDiagnostics, 'isLoopUnwatched'>;

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
  if (diagnostics === false) {
    return {
      blockedLoop: false,
      isLoopUnwatched: false,
      startup: false,
      processInfo: false,
      profiles: false,
      flightRecorder: false,
      memory: false,
    };
  }
  const isInProduction = environment === 'production';
  const parts = readOptions<DiagnosticsOptions, DiagnosticParts>('diagnostics', diagnostics, {
    blockedLoop: switchedGroup((blockedLoop: BlockedLoopOptions | false = isInProduction ? false : {}) =>
      blockedLoop === false ? false : readOptions('diagnostics.blockedLoop', blockedLoop, BLOCKED_LOOP),
    ),
    startup: flag(true),
    processInfo: flag(true),
    profiles: switchedGroup((profiles: ProfilesOptions | false | undefined) =>
      resolveProfiles(profiles, environment),
    ),
    flightRecorder: switchedGroup(resolveFlightRecorder, false),
    memory: switchedGroup(resolveMemory),
  });
  return { ...parts, isLoopUnwatched: isInProduction && diagnostics.blockedLoop === undefined };
}
