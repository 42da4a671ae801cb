import { randomBytes } from 'node:crypto';
import { renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { type FileHandle, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { hostname } from 'node:os';
import { basename, dirname, join } from 'node:path';

/** The age at which a temporary file counts as abandoned, in milliseconds. */
const ABANDONED_MS = 600_000;
/** The end of the name of a temporary file: the host, if it is known, the process ID and a random number. */
const TEMPORARY = /^(?:(.+)\.)?(\d+)\.(?:[0-9a-f]{8}|\d+)\.tmp$/;

/**
 * A file that is replaced atomically at each write: the new content is written to a temporary file, flushed to the disk
 * and renamed. If the process or the machine crashes during a write, the old content remains. A device or a pipe, such as
 * /dev/stdout, is written to directly.
 */
export class AtomicFile {
  private isCleanedUp = false;

  /** @param mode permissions of a new file */
  constructor(
    private readonly path: string,
    private readonly mode = 0o666,
  ) {}

  /**
   * Replaces the content of the file.
   *
   * @param signal prevents a write that was aborted from replacing the content of a later one
   */
  async write(pieces: readonly (Buffer | string)[], signal?: AbortSignal): Promise<void> {
    if (await isDeviceOrPipe(this.path)) return writeInto(this.path, 'w', this.mode, pieces);
    await this.replace((temporary) => writeInto(temporary, 'wx', this.mode, pieces, flushFile), signal);
  }

  /**
   * Replaces the file by the one that a function writes.
   *
   * @param write writes the file with this path
   */
  async replace(write: (temporary: string) => Promise<void>, signal?: AbortSignal): Promise<void> {
    await this.cleanUp();
    const temporary = this.temporaryPath();
    try {
      await write(temporary);
      signal?.throwIfAborted();
      await rename(temporary, this.path);
    } catch (error) {
      await rm(temporary, { force: true }).catch(() => undefined);
      throw error;
    }
    await syncFolder(dirname(this.path));
  }

  /**
   * Replaces the content of the file before it returns, for a process that ends. It is not flushed to the disk, which may
   * take long: it survives the end of the process, though maybe not of the machine. A device or a pipe is refused, since it
   * may block for ever.
   */
  writeSync(content: string): void {
    const found = statSync(this.path, { throwIfNoEntry: false });
    if (found !== undefined && !found.isFile()) throw new Error(`${this.path} is not a regular file`);
    const temporary = this.temporaryPath();
    try {
      writeFileSync(temporary, content, { flag: 'wx', mode: this.mode });
      renameSync(temporary, this.path);
    } catch (error) {
      rmSync(temporary, { force: true });
      throw error;
    }
  }

  /** Removes the temporary files of processes that died during a write. Runs once, before the first write. */
  async cleanUp(): Promise<void> {
    if (this.isCleanedUp) return;
    this.isCleanedUp = true;
    const folder = dirname(this.path);
    const start = `${basename(this.path)}.`;
    for (const name of await readdir(folder).catch(() => [])) {
      const [, host, pid] = (name.startsWith(start) && TEMPORARY.exec(name.slice(start.length))) || [];
      if (pid === undefined) continue;
      const file = join(folder, name);
      if (await isAbandoned(file, host, Number(pid))) await rm(file, { force: true }).catch(() => undefined);
    }
  }

  private temporaryPath(): string {
    return `${this.path}.${hostname()}.${process.pid}.${randomBytes(4).toString('hex')}.tmp`;
  }
}

async function writeInto(
  path: string,
  flags: 'w' | 'wx',
  mode: number,
  pieces: readonly (Buffer | string)[],
  beforeClose: (file: FileHandle) => Promise<void> = async () => undefined,
): Promise<void> {
  const file = await open(path, flags, mode);
  try {
    for (const piece of pieces) await file.writeFile(piece);
    await beforeClose(file);
  } finally {
    await file.close();
  }
}

function isDeviceOrPipe(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isCharacterDevice() || found.isFIFO() || found.isSocket(),
    () => false,
  );
}

/** Flushes a file to the disk, unless the permission model of Node forbids it: then the system decides when it is written. */
export async function flushFile(file: Pick<FileHandle, 'sync'>): Promise<void> {
  try {
    await file.sync();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_ACCESS_DENIED') throw error;
  }
}

/** Flushes a folder, and with it the name of a new file, to the disk. */
async function syncFolder(folder: string): Promise<void> {
  let handle: FileHandle | undefined;
  try {
    handle = await open(folder, 'r');
    await handle.sync();
  } catch {
    // Not supported on Windows; the file is complete all the same.
  } finally {
    await handle?.close();
  }
}

/** Returns true if the process that wrote a file has died. In a container, its successor has the same process ID. */
async function isAbandoned(path: string, host: string | undefined, pid: number): Promise<boolean> {
  const writtenAt = await stat(path).then(
    ({ mtimeMs }) => mtimeMs,
    () => Infinity,
  );
  if (writtenAt < Date.now() - ABANDONED_MS) return true;
  if (host !== undefined && host !== hostname()) return false;
  if (pid !== process.pid) return !isAlive(pid);
  return writtenAt < Date.now() - process.uptime() * 1000;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
