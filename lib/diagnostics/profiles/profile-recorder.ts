import { createReadStream } from 'node:fs';
import { open, readFile } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { writeHeapSnapshot } from 'node:v8';
import type { Clock } from '../../metrics/clock.js';
import { flushFile } from '../../primitives/atomic-file.js';
import { messageOf } from '../../primitives/error-message.js';
import { redactSecrets } from '../../primitives/redact.js';
import { captureReport, captureTimed } from './captures.js';
import {
  formatsOf,
  isProfileKind,
  isTimed,
  type Profile,
  type ProfileContent,
  ProfileError,
  type ProfileFormat,
  type ProfileKind,
  PROFILE_EXTENSIONS,
  type ProfileRequest,
  type RunningProfile,
} from './profile.js';
import { ProfileStore, type StoreLimits } from './profile-store.js';
import { estimateSnapshot, heapUse, type MemoryRoom } from './snapshot-estimate.js';
import type { AllocationProfile, CpuProfile } from './v8-profiles.js';
import { loadInTurn } from '../../primitives/load-in-turn.js';

const DEFAULT_SECONDS = 10;
const MIN_SECONDS = 0.1;
const MAX_SECONDS = 120;
/** Maximum length of a reason, in UTF-16 code units. */
const MAX_REASON = 500;
/** Time before a heap snapshot in which an answer can be sent that says so, in milliseconds. */
const SNAPSHOT_DELAY_MS = 200;
const MIB = 1024 * 1024;

/** A capture that has begun. */
export interface StartedProfile {
  readonly running: RunningProfile;
  /** Resolves with the profile once it is in its file. */
  readonly done: Promise<Profile>;
}

/** A capture in progress. */
interface Capture {
  readonly kind: ProfileKind;
  /** Undefined until it is known to be possible. */
  running?: RunningProfile;
}

/** Captures profiles of this process into files, one at a time. */
export class ProfileRecorder {
  private readonly store: ProfileStore;
  private current: Capture | undefined;
  private captures = 0;

  /**
   * @param memory returns the memory that there is, and how much of it is in use
   * @param signal ends the capture in progress and refuses further ones; its reason is a {@link ProfileError}
   */
  constructor(
    limits: StoreLimits,
    private readonly clock: Clock,
    private readonly memory: () => Promise<MemoryRoom | undefined>,
    private readonly signal: AbortSignal,
  ) {
    this.store = new ProfileStore(limits);
  }

  /** The profile that is being captured. */
  get running(): RunningProfile | undefined {
    return this.current?.running;
  }

  /**
   * Starts to capture a profile.
   *
   * @throws {ProfileError} if it is refused
   */
  async start(kind: ProfileKind, { seconds, reason = '' }: ProfileRequest = {}): Promise<StartedProfile> {
    const durationMs = checkedDuration(kind, seconds);
    const shownReason = checkedReason(reason);
    this.signal.throwIfAborted();
    if (this.current !== undefined) throw busy(this.current.kind, this.current.running);
    const current: Capture = { kind };
    this.current = current;
    try {
      await this.store.prepare();
      const expectedPauseMs = kind === 'heapSnapshot' ? await this.expectedPauseMs() : 0;
      this.signal.throwIfAborted();
      const startedAt = this.clock.now();
      const expectedMs = kind === 'heapSnapshot' ? SNAPSHOT_DELAY_MS + expectedPauseMs : durationMs;
      const running: RunningProfile = {
        name: this.store.newName(kind, startedAt, ++this.captures),
        kind,
        reason: shownReason,
        startedAt,
        endsAt: startedAt + expectedMs,
        expectedPauseMs,
      };
      current.running = running;
      const done = this.capture(running, durationMs).finally(() => (this.current = undefined));
      // Whoever only starts it does not wait for it.
      done.catch(() => undefined);
      return { running, done };
    } catch (error) {
      this.current = undefined;
      throw this.errorOf(error);
    }
  }

  /** Returns the captured profiles, the newest first. */
  list(): Promise<Profile[]> {
    return this.store.list();
  }

  /** Estimates a heap snapshot. */
  async estimate(): Promise<ReturnType<typeof estimateSnapshot>> {
    return estimateSnapshot(heapUse(), await this.memory());
  }

  /**
   * Returns the content of a captured profile.
   *
   * @throws {ProfileError} if there is none of this name or in this format
   */
  async read(name: string, format?: ProfileFormat): Promise<ProfileContent> {
    const profile = await this.store.read(name);
    if (profile === undefined) throw new ProfileError('unknown', 'There is no profile of this name.');
    const { kind, bytes } = profile;
    if (format !== undefined && !formatsOf(kind).includes(format)) {
      throw new ProfileError('invalid', `\`format\` must be one of ${formatsOf(kind).join(', ')}.`);
    }
    const path = this.store.pathOf(profile);
    if (format !== 'pprof') {
      const contentType = kind === 'report' ? 'application/json' : 'application/octet-stream';
      // As long as was promised, even if it is replaced meanwhile.
      return {
        name,
        contentType,
        bytes,
        open: () => createReadStream(path, { end: Math.max(0, bytes - 1) }),
      };
    }
    const content = await pprofOf(kind, await readFile(path, 'utf8'), profile);
    return {
      name: name.slice(0, -PROFILE_EXTENSIONS[kind].length) + 'pb.gz',
      contentType: 'application/octet-stream',
      bytes: content.length,
      open: () => Readable.from([content]),
    };
  }

  private async capture(
    { name, kind, reason, startedAt }: RunningProfile,
    durationMs: number,
  ): Promise<Profile> {
    const begin = this.clock.monotonic();
    let tookMs = 0;
    try {
      const write = await this.writer(kind, durationMs);
      return await this.store.add(
        name,
        async (path) => {
          const writeBegin = kind === 'heapSnapshot' ? this.clock.monotonic() : begin;
          await write(path);
          tookMs = this.clock.monotonic() - writeBegin;
        },
        () => ({ reason, startedAt, durationMs: Math.round(tookMs) }),
        this.signal,
      );
    } catch (error) {
      throw this.errorOf(error);
    }
  }

  /** Captures a profile, and returns the function that writes it; a heap snapshot is captured when it is written. */
  private async writer(kind: ProfileKind, durationMs: number): Promise<(path: string) => Promise<void>> {
    if (kind === 'heapSnapshot') {
      await sleep(SNAPSHOT_DELAY_MS, undefined, { ref: false, signal: this.signal });
      return async (path) => {
        // With the permissions of the new file, which V8 then fills.
        await (await open(path, 'wx', 0o600)).close();
        await this.expectedPauseMs();
        this.signal.throwIfAborted();
        writeHeapSnapshot(path);
      };
    }
    const content = isTimed(kind) ? await captureTimed(kind, durationMs, this.signal) : captureReport();
    return async (path) => {
      const file = await open(path, 'wx', 0o600);
      try {
        await file.writeFile(content);
        await flushFile(file);
      } finally {
        await file.close();
      }
    };
  }

  /**
   * Returns the time for which a heap snapshot is expected to stop the process, in milliseconds.
   *
   * @throws {ProfileError} if there is not enough memory or space on the disk for it
   */
  private async expectedPauseMs(): Promise<number> {
    const { isPossible, expectedPauseMs, requiredBytes, availableBytes, fileBytes } = await this.estimate();
    const wouldStop = `It would stop the process for about ${inSeconds(expectedPauseMs)}.`;
    if (!isPossible) {
      const available = availableBytes === null ? 'it is unknown how much is' : `${mib(availableBytes)} are`;
      throw new ProfileError(
        'no headroom',
        `A heap snapshot needs up to ${mib(requiredBytes)} of memory, and ${available} available. ${wouldStop}`,
      );
    }
    const freeBytes = await this.store.freeBytes();
    if (fileBytes > freeBytes) {
      throw new ProfileError(
        'no headroom',
        `A heap snapshot needs up to ${mib(fileBytes)} for its file, and ${mib(freeBytes)} are available. ${wouldStop}`,
      );
    }
    return expectedPauseMs;
  }

  /** Returns the error that a caller sees; once the application ends, that one, whatever failed by it. */
  private errorOf(error: unknown): ProfileError {
    if (this.signal.aborted && this.signal.reason instanceof ProfileError) return this.signal.reason;
    if (error instanceof ProfileError) return error;
    return new ProfileError('failed', `The profile could not be captured: ${messageOf(error)}`, {
      cause: error,
    });
  }
}

async function pprofOf(kind: ProfileKind, text: string, { startedAt, durationMs }: Profile): Promise<Buffer> {
  const { cpuPprof, allocationsPprof } = await loadInTurn(() => import('./pprof.js'));
  const times = { startedAt, durationMs };
  return kind === 'cpuProfile'
    ? cpuPprof(JSON.parse(text) as CpuProfile, times)
    : allocationsPprof(JSON.parse(text) as AllocationProfile, times);
}

function checkedDuration(kind: ProfileKind, given: number | undefined): number {
  if (!isProfileKind(kind)) {
    throw new ProfileError(
      'invalid',
      `\`kind\` must be one of ${Object.keys(PROFILE_EXTENSIONS).join(', ')}.`,
    );
  }
  if (given !== undefined && !isTimed(kind)) {
    throw new ProfileError('invalid', `\`seconds\` must not be given for a ${kind}, which takes no time.`);
  }
  const duration = given === undefined ? DEFAULT_SECONDS : given;
  if (typeof duration !== 'number' || !(duration >= MIN_SECONDS && duration <= MAX_SECONDS)) {
    throw new ProfileError('invalid', `\`seconds\` must be a number from ${MIN_SECONDS} to ${MAX_SECONDS}.`);
  }
  return isTimed(kind) ? duration * 1000 : 0;
}

function checkedReason(reason: string): string {
  if (typeof reason !== 'string' || reason.length > MAX_REASON) {
    throw new ProfileError('invalid', `\`reason\` must be a string of at most ${MAX_REASON} characters.`);
  }
  return redactSecrets(reason);
}

function busy(kind: ProfileKind, running: RunningProfile | undefined): ProfileError {
  const until = running === undefined ? '' : ` until ${new Date(running.endsAt).toISOString()}`;
  return new ProfileError(
    'busy',
    `Another profile (${kind}) is being captured${until}. Try again afterwards.`,
  );
}

function mib(bytes: number): string {
  return `${Math.ceil(bytes / MIB)} MiB`;
}

function inSeconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}
