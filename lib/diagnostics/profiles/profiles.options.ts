import { count, checked, type OptionTable, readOptions, text } from '../../options/option-table.js';
import { isProfileKind, PROFILE_EXTENSIONS, type ProfileKind } from './profile.js';

/** Options of profiles of the process. */
export interface ProfilesOptions {
  /**
   * Directory of the files, which is created if it is missing.
   * @default a directory of this application below that for temporary files, which only its user can read
   */
  readonly directory?: string;
  /** Maximum number of files; the oldest ones are removed. @default 20 */
  readonly maxFiles?: number;
  /** Maximum size of all files, in bytes; the oldest ones are removed. @default 1_073_741_824 */
  readonly maxBytes?: number;
  /**
   * Kind of profile that SIGUSR2 captures: `cpuProfile`, `allocations`, `heapSnapshot` or `report`; or false. The signal
   * stays with an application that listens to it, as `app.enableShutdownHooks()` does unless it is given signals.
   * @default false
   */
  readonly signal?: ProfileKind | false;
}

/** The options of {@link ProfilesOptions}, with every default filled in. */
export interface ResolvedProfiles {
  /** Undefined for the default. */
  readonly directory?: string | undefined;
  readonly maxFiles: number;
  readonly maxBytes: number;
  readonly signal: ProfileKind | false;
  /** True if they are off without credentials, since the process is in production and nothing else was said. */
  readonly needsAuth: boolean;
}

export const PROFILES: OptionTable<ProfilesOptions, Omit<ResolvedProfiles, 'needsAuth'>> = {
  directory: text(),
  maxFiles: count(20),
  maxBytes: count(1_073_741_824),
  signal: checked<ProfileKind | false>(
    `one of ${Object.keys(PROFILE_EXTENSIONS).join(', ')}, or false`,
    (given) => given === false || isProfileKind(given),
    false,
  ),
};

/**
 * Checks the options and fills in every default.
 *
 * @param environment the value of NODE_ENV
 * @throws {MonitoringOptionsError} for invalid options
 */
export function resolveProfiles(
  profiles: ProfilesOptions | false | undefined,
  environment?: string,
): ResolvedProfiles | false {
  if (profiles === false) return false;
  const needsAuth = profiles === undefined && environment === 'production';
  return { ...readOptions('diagnostics.profiles', profiles ?? {}, PROFILES), needsAuth };
}
