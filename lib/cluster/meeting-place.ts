import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { chmodSync, lstatSync, mkdirSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { threadId } from 'node:worker_threads';

/** What the address of a socket may be long, on the system that allows least. */
const LONGEST_ADDRESS = 103;
/** What a socket is called before it is put in its place ends so, at the longest. */
const LONGEST_SUFFIX = '.4194304.9999'.length;
/** A lock is held for a moment; one that is this old belongs to somebody who was killed. */
const STALE_LOCK_MS = 10_000;
const STALE_FILE_MS = 24 * 60 * 60 * 1000;
const IS_WINDOWS = process.platform === 'win32';

/**
 * Where the workers of an application meet: a Unix domain socket, or a named pipe on Windows, that the worker which
 * leads listens on, and a file beside it. Both are in a directory that only this user may enter.
 */
export class MeetingPlace {
  private readonly uid: number;
  private readonly directory: string;
  private readonly base: string;
  private readonly address: string;
  private readonly file: string;
  private readonly lock: string;
  /** The socket that this worker listens on, in the file system. */
  private ownSocket: string | undefined;

  constructor(id: string, directory: string | undefined) {
    const user = userInfo();
    this.uid = user.uid;
    this.directory =
      directory ?? join(tmpdir(), `nestjs-monitoring-${user.uid < 0 ? user.username : user.uid}`);
    const name = createHash('sha256').update(id).digest('hex').slice(0, 16);
    const base = join(this.directory, name);
    this.address = IS_WINDOWS ? `\\\\.\\pipe\\nestjs-monitoring-${user.username}-${name}` : `${base}.sock`;
    this.base = base;
    this.file = `${base}.counts`;
    this.lock = `${base}.lock`;
  }

  /**
   * Makes the directory, if there is none yet.
   *
   * @throws {Error} if it is not safe
   */
  open(): void {
    if (!IS_WINDOWS && Buffer.byteLength(this.address) + LONGEST_SUFFIX > LONGEST_ADDRESS) {
      throw new Error(
        `the path of the socket, ${this.address}, is longer than ${LONGEST_ADDRESS - LONGEST_SUFFIX} bytes: set cluster.directory`,
      );
    }
    this.enter();
    this.sweep();
  }

  /** A file for the workers to share, which is there as soon as the directory is. */
  fileFor(purpose: string): string {
    return `${this.base}.${purpose}`;
  }

  /** Connects to the worker that leads, or to what is left of one; rejects if there is none. */
  async connect(signal: AbortSignal): Promise<Socket> {
    const socket = connect(this.address);
    try {
      await once(socket, 'connect', { signal });
      return socket;
    } catch (error) {
      socket.on('error', () => undefined).destroy();
      throw error;
    }
  }

  /** Does something that only one worker at a time does; false if another one is at it. */
  async exclusively(work: () => Promise<void>): Promise<boolean> {
    if (!this.takeLock()) return false;
    try {
      await work();
      return true;
    } finally {
      rmSync(this.lock, { recursive: true, force: true });
    }
  }

  /** Listens in the place of whoever listened before. To be called exclusively. */
  async listen(onConnection: (socket: Socket) => void): Promise<Server> {
    const server = createServer(onConnection).unref();
    // Under a name of its own at first: it is put in its place at once, and closing it later removes no other one.
    const address = IS_WINDOWS ? this.address : `${this.address}.${process.pid}.${threadId}`;
    server.listen(address);
    await once(server, 'listening');
    if (!IS_WINDOWS) {
      chmodSync(address, 0o600);
      renameSync(address, this.address);
      this.ownSocket = inode(this.address);
    }
    return server;
  }

  /** Whether those who come still meet this worker, and not one that has taken over. */
  isOurs(): boolean {
    return IS_WINDOWS || (this.ownSocket !== undefined && inode(this.address) === this.ownSocket);
  }

  /** Stops listening; the socket goes, unless it is another worker's by now. */
  leave(server: Server): void {
    if (!IS_WINDOWS && this.isOurs()) rmSync(this.address, { force: true });
    this.ownSocket = undefined;
    server.close();
  }

  /** What the one who led has written down, if anything. */
  async read(): Promise<Buffer | undefined> {
    return readFile(this.file).catch(() => undefined);
  }

  async write(content: Buffer): Promise<void> {
    const draft = `${this.file}.${process.pid}`;
    await writeFile(draft, content, { mode: 0o600 });
    await rename(draft, this.file);
  }

  /** Leaves nothing behind. */
  clear(): void {
    rmSync(this.file, { force: true });
  }

  private takeLock(): boolean {
    try {
      mkdirSync(this.lock);
      return true;
    } catch {
      const age = ageOf(this.lock);
      if (age !== undefined && age > STALE_LOCK_MS) rmSync(this.lock, { recursive: true, force: true });
      return false;
    }
  }

  private enter(): void {
    mkdirSync(this.directory, { recursive: true, mode: 0o700 });
    if (!IS_WINDOWS) {
      const found = lstatSync(this.directory);
      if (!found.isDirectory() || found.uid !== this.uid || (found.mode & 0o077) !== 0) {
        throw new Error(
          `${this.directory} is not a directory of this user alone (mode 0700): remove it, or set cluster.directory`,
        );
      }
    }
  }

  /** Removes what was left behind by applications that were killed long ago. */
  private sweep(): void {
    for (const entry of readdirSync(this.directory)) {
      if (!/^[0-9a-f]{16}\.(?:counts|alerts|lock|sock\.)/.test(entry)) continue;
      const path = join(this.directory, entry);
      if ((ageOf(path) ?? 0) > STALE_FILE_MS) rmSync(path, { recursive: true, force: true });
    }
  }
}

function inode(path: string): string | undefined {
  const found = statSync(path, { throwIfNoEntry: false });
  return found && `${found.dev}/${found.ino}/${found.birthtimeMs}`;
}

function ageOf(path: string): number | undefined {
  const found = statSync(path, { throwIfNoEntry: false });
  return found && Date.now() - found.mtimeMs;
}
