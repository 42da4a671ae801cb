import { randomBytes } from 'node:crypto';
import { type FileHandle, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { hostname } from 'node:os';
import { basename, dirname, join } from 'node:path';

/** What is left of a write that began so long ago is abandoned, whoever wrote it. */
const ABANDONED_MS = 600_000;
/** The rest of the name of a temporary file: the host, if it is known, the process, and a number of its own. */
const TEMPORARY = /^(?:(.+)\.)?(\d+)\.(?:[0-9a-f]{8}|\d+)\.tmp$/;

/**
 * A file that is written anew each time and is whole at any moment: what is new is written beside it, brought to the
 * disk, and takes its place at once. If the process or the machine dies meanwhile, the file is as it was. A device
 * or a pipe, such as /dev/stdout, is written to as it stands: nothing may take its place.
 */
export class AtomicFile {
  private tidied = false;

  /** @param mode permissions of a file that is not there yet */
  constructor(
    private readonly path: string,
    private readonly mode = 0o666,
  ) {}

  /**
   * Replaces what is in the file.
   *
   * @param signal keeps a write that has taken too long from replacing what a later one wrote
   */
  async write(pieces: readonly (Buffer | string)[], signal?: AbortSignal): Promise<void> {
    if (await isDeviceOrPipe(this.path)) return writeInto(this.path, 'w', this.mode, pieces);
    await this.tidy();
    const random = randomBytes(4).toString('hex');
    const beside = `${this.path}.${hostname()}.${process.pid}.${random}.tmp`;
    try {
      await writeInto(beside, 'wx', this.mode, pieces, (file) => file.sync());
      signal?.throwIfAborted();
      await rename(beside, this.path);
    } catch (error) {
      await rm(beside, { force: true }).catch(() => undefined);
      throw error;
    }
    await syncFolder(dirname(this.path));
  }

  /** Removes what processes have left that died while they wrote; once, and before the first write at the latest. */
  async tidy(): Promise<void> {
    if (this.tidied) return;
    this.tidied = true;
    const folder = dirname(this.path);
    const start = `${basename(this.path)}.`;
    for (const name of await readdir(folder).catch(() => [])) {
      const [, host, pid] = (name.startsWith(start) && TEMPORARY.exec(name.slice(start.length))) || [];
      if (pid === undefined) continue;
      const left = join(folder, name);
      if (await isAbandoned(left, host, Number(pid))) await rm(left, { force: true }).catch(() => undefined);
    }
  }
}

async function writeInto(
  path: string,
  flags: 'w' | 'wx',
  mode: number,
  pieces: readonly (Buffer | string)[],
  atLast: (file: FileHandle) => Promise<void> = async () => undefined,
): Promise<void> {
  const file = await open(path, flags, mode);
  try {
    for (const piece of pieces) await file.writeFile(piece);
    await atLast(file);
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

/** Brings the name of a file to the disk too, where the system can do so. */
async function syncFolder(folder: string): Promise<void> {
  let handle: FileHandle | undefined;
  try {
    handle = await open(folder, 'r');
    await handle.sync();
  } catch {
    // Windows cannot; the file is whole all the same.
  } finally {
    await handle?.close();
  }
}

/** Whether the process that wrote it is no more; in a container the next one has the same number. */
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
