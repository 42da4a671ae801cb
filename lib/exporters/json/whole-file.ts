import { randomBytes } from 'node:crypto';
import { type FileHandle, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

/**
 * A file that is written anew each time and is whole at any moment: what is new is written beside it, brought to the
 * disk, and takes its place at once. If the process or the machine dies meanwhile, the file is as it was. A device
 * or a pipe, such as /dev/stdout, is written to as it stands: nothing may take its place.
 */
export class WholeFile {
  private tidied = false;

  constructor(private readonly path: string) {}

  /** @param signal keeps a write that has taken too long from replacing what a later one wrote */
  async write(pieces: readonly Buffer[], signal: AbortSignal): Promise<void> {
    if (await isDeviceOrPipe(this.path)) return writeInto(this.path, 'w', pieces);
    await this.tidy();
    const beside = `${this.path}.${process.pid}.${randomBytes(4).toString('hex')}.tmp`;
    try {
      await writeInto(beside, 'wx', pieces, (file) => file.sync());
      signal.throwIfAborted();
      await rename(beside, this.path);
    } catch (error) {
      await rm(beside, { force: true }).catch(() => undefined);
      throw error;
    }
    await syncFolder(dirname(this.path));
  }

  /** Removes what processes have left that died while they wrote. */
  private async tidy(): Promise<void> {
    if (this.tidied) return;
    this.tidied = true;
    const folder = dirname(this.path);
    const start = `${basename(this.path)}.`;
    for (const name of await readdir(folder).catch(() => [])) {
      const pid = name.startsWith(start) && /^(\d+)\.[0-9a-f]{8}\.tmp$/.exec(name.slice(start.length))?.[1];
      if (!pid) continue;
      const left = join(folder, name);
      if (await isAbandoned(left, Number(pid))) await rm(left, { force: true }).catch(() => undefined);
    }
  }
}

async function writeInto(
  path: string,
  flags: 'w' | 'wx',
  pieces: readonly Buffer[],
  atLast: (file: FileHandle) => Promise<void> = async () => undefined,
): Promise<void> {
  const file = await open(path, flags);
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
async function isAbandoned(path: string, pid: number): Promise<boolean> {
  if (pid !== process.pid) return !isAlive(pid);
  const startedAt = Date.now() - process.uptime() * 1000;
  return stat(path).then(
    ({ mtimeMs }) => mtimeMs < startedAt,
    () => false,
  );
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
