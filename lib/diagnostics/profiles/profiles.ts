import type { Clock } from '../../metrics/clock.js';
import {
  type Profile,
  type ProfileContent,
  ProfileError,
  type ProfileFormat,
  type ProfileKind,
  type ProfileRequest,
  type ProfilesOverview,
} from './profile.js';
import type { ProfileRecorder, StartedProfile } from './profile-recorder.js';
import type { StoreLimits } from './profile-store.js';
import type { MemoryRoom } from './snapshot-estimate.js';
import { loadInTurn } from '../../primitives/load-in-turn.js';

/** The parts that profiles need. */
export interface ProfilesParts {
  readonly limits: StoreLimits;
  readonly clock: Clock;
  /** Returns the memory that there is, and how much of it is in use; undefined if it is unknown. */
  readonly memory: () => Promise<MemoryRoom | undefined>;
}

/**
 * Profiles of this process, captured one at a time into a bounded number of files. Inject it to capture, list and read
 * them. Nothing is loaded or written before the first use.
 */
export class Profiles {
  private loading: Promise<ProfileRecorder> | undefined;
  private readonly ending = new AbortController();

  /** @internal @param parts undefined if no profile can be captured */
  constructor(private readonly parts?: ProfilesParts) {}

  /** True if profiles can be captured. */
  get isEnabled(): boolean {
    return this.parts !== undefined;
  }

  /** @internal Aborted when the application ends. */
  get signal(): AbortSignal {
    return this.ending.signal;
  }

  /**
   * Captures a profile. A heap snapshot stops the process for seconds.
   *
   * @throws {ProfileError} if it is refused, such as while another one is captured, or if the application ends meanwhile
   */
  async capture(kind: ProfileKind, request: ProfileRequest = {}): Promise<Profile> {
    const { done } = await this.start(kind, request);
    return done;
  }

  /** @internal Starts to capture a profile. */
  async start(kind: ProfileKind, request: ProfileRequest = {}): Promise<StartedProfile> {
    return (await this.recorder()).start(kind, request);
  }

  /** Returns the captured profiles, the newest first. */
  async list(): Promise<Profile[]> {
    return this.isEnabled ? (await this.recorder()).list() : [];
  }

  /**
   * Returns the content of a captured profile.
   *
   * @param name name of its file
   * @param options the format @default its own format
   * @throws {ProfileError} if there is none of this name or in this format
   */
  async read(name: string, { format }: { readonly format?: ProfileFormat } = {}): Promise<ProfileContent> {
    return (await this.recorder()).read(name, format);
  }

  /** @internal Returns what the dashboard shows. */
  async overview(): Promise<ProfilesOverview> {
    if (!this.isEnabled) return { isEnabled: false, running: null, profiles: [] };
    const recorder = await this.recorder();
    const { fileBytes: _, ...heapSnapshot } = await recorder.estimate();
    return {
      isEnabled: true,
      running: recorder.running ?? null,
      profiles: await recorder.list(),
      heapSnapshot,
    };
  }

  /** @internal Ends the capture in progress, and refuses further ones. */
  stop(): void {
    this.ending.abort(new ProfileError('closed', 'The application ends.'));
  }

  private async recorder(): Promise<ProfileRecorder> {
    const { parts } = this;
    if (parts === undefined) {
      throw new ProfileError(
        'disabled',
        'Profiles are off. Set `diagnostics.profiles`; in production, `endpoints.auth` turns them on.',
      );
    }
    this.loading ??= loadInTurn(() => import('./profile-recorder.js')).then(
      ({ ProfileRecorder: Recorder }) => new Recorder(parts.limits, parts.clock, parts.memory, this.signal),
    );
    return this.loading;
  }
}
