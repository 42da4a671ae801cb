import { createHash } from 'node:crypto';
import { chmod, lstat, mkdir, readdir, readFile, rm, stat, statfs } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AtomicFile } from '../../primitives/atomic-file.js';
import {
  formatsOf,
  isProfileKind,
  type Profile,
  PROFILE_EXTENSIONS,
  ProfileError,
  type ProfileKind,
} from './profile.js';

/** A file name of a profile: start, kind, process and a number, which cannot lead out of the directory. */
const NAME = /^(\d{8}T\d{9}Z)-([a-zA-Z]+)-\d+(?:-\d+)?\.([a-z]+)$/;
/** The end of the name of the file with the reason of a profile. */
const NOTE = '.note';
/** A temporary file, which begins with the name of the one that it would have become. */
const TEMPORARY = /^([^.]+\.[a-z]+)(?:\.note)?\..+\.tmp$/;
const FILE_MODE = 0o600;
const DIRECTORY_MODE = 0o700;
const SHARED_BITS = 0o077;

/** The facts about a profile that its file does not contain. */
interface Note {
  readonly reason: string;
  readonly startedAt: number;
  readonly durationMs: number;
}

export interface StoreLimits {
  readonly directory?: string | undefined;
  readonly maxFiles: number;
  readonly maxBytes: number;
}

/** The files of the captured profiles: bounded in number and in bytes, the oldest are removed. */
export class ProfileStore {
  private readonly directory: string;
  private isPrepared = false;

  constructor(private readonly limits: StoreLimits) {
    this.directory = limits.directory ?? defaultDirectory();
  }

  /** Returns the name of a new file. */
  newName(kind: ProfileKind, startedAt: number, number: number): string {
    const time = new Date(startedAt).toISOString().replace(/[-:.]/g, '');
    return `${time}-${kind}-${process.pid}-${number}.${PROFILE_EXTENSIONS[kind]}`;
  }

  /**
   * Creates the directory, and removes what processes left that died during a capture.
   *
   * @throws {ProfileError} if others could read the default directory
   */
  async prepare(): Promise<void> {
    await mkdir(this.directory, { recursive: true, mode: DIRECTORY_MODE });
    if (this.limits.directory === undefined) await this.checkOwner();
    if (this.isPrepared) return;
    this.isPrepared = true;
    const abandoned = new Set<string>();
    for (const temporary of await readdir(this.directory)) {
      const [, name = ''] = TEMPORARY.exec(temporary) ?? [];
      // The directory may have temporary files of other programs.
      if (kindOf(name) !== undefined) abandoned.add(name);
    }
    for (const name of abandoned) {
      await new AtomicFile(join(this.directory, name)).cleanUp();
      await new AtomicFile(join(this.directory, name + NOTE)).cleanUp();
    }
  }

  /** Returns the free space for new files, in bytes: that of the disk, or the maximum size of all files. */
  async freeBytes(): Promise<number> {
    const { bavail, bsize } = await statfs(this.directory);
    return Math.min(bavail * bsize, this.limits.maxBytes);
  }

  /**
   * Writes a profile, and removes the oldest ones beyond the limits.
   *
   * @param write writes the file with this path
   * @throws {ProfileError} if it is larger than all files together may be
   */
  async add(
    name: string,
    write: (path: string) => Promise<void>,
    note: () => Note,
    signal: AbortSignal,
  ): Promise<Profile> {
    const path = join(this.directory, name);
    await new AtomicFile(path, FILE_MODE).replace(async (temporary) => {
      await write(temporary);
      signal.throwIfAborted();
      const { size } = await stat(temporary);
      if (size > this.limits.maxBytes) {
        throw new ProfileError(
          'no headroom',
          `The profile has ${size} bytes, and all files together may have ${this.limits.maxBytes}.`,
        );
      }
      await chmod(temporary, FILE_MODE);
      // Before the file itself, which is listed from then on.
      await new AtomicFile(path + NOTE, FILE_MODE).write([JSON.stringify(note())]);
    }, signal);
    await this.removeOldest();
    const profile = await this.read(name);
    if (profile === undefined) throw new ProfileError('failed', 'The file of the profile has been removed.');
    return profile;
  }

  /** Returns the captured profiles, the newest first. */
  async list(): Promise<Profile[]> {
    const names = await readdir(this.directory).catch(() => []);
    const profiles = await Promise.all(names.map((name) => this.read(name)));
    return profiles
      .filter((profile) => profile !== undefined)
      .toSorted((a, b) => b.startedAt - a.startedAt || b.name.localeCompare(a.name));
  }

  /** Returns a captured profile; undefined if there is none of this name. */
  async read(name: string): Promise<Profile | undefined> {
    const kind = kindOf(name);
    if (kind === undefined) return undefined;
    const path = join(this.directory, name);
    const found = await lstat(path).catch(() => undefined);
    // A link would lead out of the directory.
    if (found === undefined || !found.isFile()) return undefined;
    const note = await readFile(path + NOTE, 'utf8').then(noteOf, () => undefined);
    const { reason = '', startedAt = found.mtimeMs, durationMs = 0 } = note ?? {};
    return { name, kind, reason, startedAt, durationMs, bytes: found.size, formats: formatsOf(kind) };
  }

  /** Returns the path of the file of a captured profile. */
  pathOf({ name }: Pick<Profile, 'name'>): string {
    return join(this.directory, name);
  }

  private async removeOldest(): Promise<void> {
    let bytes = 0;
    for (const [index, profile] of (await this.list()).entries()) {
      bytes += profile.bytes;
      if (index < this.limits.maxFiles && bytes <= this.limits.maxBytes) continue;
      const path = this.pathOf(profile);
      await rm(path, { force: true });
      await rm(path + NOTE, { force: true });
    }
  }

  /** Checks the owner of the directory: where everybody may write, such as in /tmp, another user may have created it. */
  private async checkOwner(): Promise<void> {
    const found = await lstat(this.directory);
    const isOwn = process.getuid === undefined || found.uid === process.getuid();
    const isPrivate = process.platform === 'win32' || (found.mode & SHARED_BITS) === 0;
    if (found.isDirectory() && isOwn && isPrivate) return;
    throw new ProfileError(
      'failed',
      `${this.directory} belongs to another user, or others can read it. Remove it, or set \`diagnostics.profiles.directory\`.`,
    );
  }
}

/** Returns the kind of profile of a file; undefined if the name is not one of a profile. */
function kindOf(name: string): ProfileKind | undefined {
  const [, , kind, extension] = NAME.exec(name) ?? [];
  return isProfileKind(kind) && PROFILE_EXTENSIONS[kind] === extension ? kind : undefined;
}

/** Returns a directory below that for temporary files, one for each application and user. */
function defaultDirectory(): string {
  const application = createHash('sha256').update(process.cwd()).digest('hex').slice(0, 8);
  return join(tmpdir(), `nestjs-monitoring-profiles-${process.getuid?.() ?? 'user'}-${application}`);
}

function noteOf(text: string): Note | undefined {
  const note = JSON.parse(text) as Partial<Note> | null;
  const { reason, startedAt, durationMs } = note ?? {};
  const isValid =
    typeof reason === 'string' && typeof startedAt === 'number' && typeof durationMs === 'number';
  return isValid ? { reason, startedAt, durationMs } : undefined;
}
