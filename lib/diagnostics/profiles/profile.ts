import type { Readable } from 'node:stream';

/** The kinds of profiles, each with the end of its file name. */
export const PROFILE_EXTENSIONS = {
  cpuProfile: 'cpuprofile',
  allocations: 'heapprofile',
  heapSnapshot: 'heapsnapshot',
  report: 'json',
} as const;

/**
 * A kind of profile: the functions that use the CPU, the functions that allocated the memory in use, everything on the
 * heap, or the diagnostic report of Node.
 */
export type ProfileKind = keyof typeof PROFILE_EXTENSIONS;

/** The kinds of profiles that take their time. */
export type TimedProfileKind = 'cpuProfile' | 'allocations';

/** A format in which a profile can be read: its own, or that of pprof. */
export type ProfileFormat = (typeof PROFILE_EXTENSIONS)[ProfileKind] | 'pprof';

/** The duration and the reason of a profile. */
export interface ProfileRequest {
  /** Duration of a `cpuProfile` or of `allocations`, in seconds, from 0.1 to 120. @default 10 */
  readonly seconds?: number;
  /** The reason, which is listed with the profile. @default '' */
  readonly reason?: string;
}

/** A profile that has been captured. */
export interface Profile {
  /** Name of its file. */
  readonly name: string;
  readonly kind: ProfileKind;
  readonly reason: string;
  /** Start of the capture, in milliseconds since the Unix epoch. */
  readonly startedAt: number;
  /** Duration of the capture, in milliseconds. A heap snapshot stopped the process for as long. */
  readonly durationMs: number;
  /** Size of its file, in bytes. */
  readonly bytes: number;
  /** Formats in which it can be read, the one of its file first. */
  readonly formats: readonly ProfileFormat[];
}

/** A profile that is being captured. */
export interface RunningProfile {
  /** Name that its file will have. */
  readonly name: string;
  readonly kind: ProfileKind;
  readonly reason: string;
  /** Start of the capture, in milliseconds since the Unix epoch. */
  readonly startedAt: number;
  /** Expected end of the capture, in milliseconds since the Unix epoch. */
  readonly endsAt: number;
  /** Time for which it is expected to stop the process, in milliseconds; 0 for all but a heap snapshot. */
  readonly expectedPauseMs: number;
}

/** The content of a profile in one format. */
export interface ProfileContent {
  /** Name for a file with this content. */
  readonly name: string;
  readonly contentType: string;
  /** Size in bytes. */
  readonly bytes: number;
  /** Opens the content. */
  readonly open: () => Readable;
}

/** A heap snapshot as it would be now. */
export interface SnapshotEstimate {
  /** True if there is enough memory for it. */
  readonly isPossible: boolean;
  /** Time for which it is expected to stop the process, in milliseconds. */
  readonly expectedPauseMs: number;
  /** Memory that it needs for a moment, in bytes. */
  readonly requiredBytes: number;
  /** Memory that is available, within the limit of the container, in bytes; null if it is unknown. */
  readonly availableBytes: number | null;
}

/** The answer of the dashboard's API about profiles. */
export interface ProfilesOverview {
  /** False if no profile can be captured. */
  readonly isEnabled: boolean;
  readonly running: RunningProfile | null;
  /** The captured profiles, the newest first. */
  readonly profiles: readonly Profile[];
  /** Undefined if no profile can be captured. */
  readonly heapSnapshot?: SnapshotEstimate;
}

/** The reason for which a profile is refused, for code. */
export type ProfileRefusal =
  'disabled' | 'invalid' | 'unknown' | 'busy' | 'no headroom' | 'closed' | 'failed';

/** An error of a profile that is refused or that failed. */
export class ProfileError extends Error {
  override readonly name = 'ProfileError';

  constructor(
    readonly refusal: ProfileRefusal,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** Returns the formats in which a kind of profile can be read, the one of its file first. */
export function formatsOf(kind: ProfileKind): ProfileFormat[] {
  const own = PROFILE_EXTENSIONS[kind];
  return isTimed(kind) ? [own, 'pprof'] : [own];
}

/** Returns true for a kind of profile that takes its time. */
export function isTimed(kind: ProfileKind): kind is TimedProfileKind {
  return kind === 'cpuProfile' || kind === 'allocations';
}

/** Returns true for a kind of profile. */
export function isProfileKind(value: unknown): value is ProfileKind {
  return typeof value === 'string' && Object.hasOwn(PROFILE_EXTENSIONS, value);
}
