import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { chmodSync, lstatSync, mkdirSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { threadId } from 'node:worker_threads';

/** Maximum length of the path of a Unix socket, in bytes, on the platform with the shortest. */
const MAX_ADDRESS_BYTES = 103;
/** Length of the longest suffix of a socket's temporary name. */
const MAX_SUFFIX_BYTES = '.4194304.9999'.length;
/** Age of a lock whose owner was killed; a lock is held only for a moment. */
const STALE_LOCK_MS = 10_000;
/** Age of files that killed applications have left. */
const STALE_FILE_MS = 24 * 60 * 60 * 1000;
const IS_WINDOWS = process.platform === 'win32';

/**
 * The Unix domain socket, or named pipe on Windows, on which the leader of a cluster listens, and the file with the saved
 * totals beside it. Both are in a directory that only this user may enter.
 */
export class RendezvousSocket {
  private readonly uid: number;
  private readonly directory: string;
  /** Path of the files of this cluster, without their extension. */
  private readonly base: string;
  private readonly address: string;
  private readonly file: string;
  private readonly lock: string;
  /** Identity of the socket file that this worker listens on. */
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
   * Creates the directory if it does not exist, and removes stale files.
   *
   * @throws {Error} if the path is too long, or other users may enter the directory
   */
  open(): void {
    if (!IS_WINDOWS && Buffer.byteLength(this.address) + MAX_SUFFIX_BYTES > MAX_ADDRESS_BYTES) {
      throw new Error(
        `the socket path ${this.address} is longer than ${MAX_ADDRESS_BYTES - MAX_SUFFIX_BYTES} bytes; set cluster.directory to a shorter path`,
      );
    }
    this.ensureDirectory();
    this.removeStaleFiles();
  }

  /** Returns the path of a file that the workers share. The directory exists once the rendezvous is open. */
  fileFor(purpose: string): string {
    return `${this.base}.${purpose}`;
  }

  /** Connects to the leader; rejects if there is none. */
  async connect(signal: AbortSignal): Promise<Socket> {
    // The listener stays: an error before the caller listens would end the process.
    const socket = connect(this.address).on('error', ignore);
    try {
      await once(socket, 'connect', { signal });
      return socket;
    } catch (error) {
      socket.destroy();
      throw error;
    }
  }

  /** Runs a function that only one worker at a time may run; returns false if another worker is running it. */
  async exclusively(work: () => Promise<void>): Promise<boolean> {
    if (!this.acquireLock()) return false;
    try {
      await work();
      return true;
    } finally {
      rmSync(this.lock, { recursive: true, force: true });
    }
  }

  /** Listens in place of an earlier leader. Must be called within {@link exclusively}. */
  async listen(onConnection: (socket: Socket) => void): Promise<Server> {
    // The listener stays: a connection that cannot be accepted, as without a free file descriptor, is an error too.
    const server = createServer(onConnection).on('error', ignore).unref();
    // Renamed into place once it listens, so that closing this server later cannot remove another leader's socket.
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

  /** Returns true if connections reach this worker, and not another one that has taken over. */
  isOurs(): boolean {
    return IS_WINDOWS || (this.ownSocket !== undefined && inode(this.address) === this.ownSocket);
  }

  /** Stops listening, and removes the socket unless another worker has taken over. */
  close(server: Server): void {
    if (!IS_WINDOWS && this.isOurs()) rmSync(this.address, { force: true });
    this.ownSocket = undefined;
    server.close();
  }

  /** Returns the saved totals, if there are any. */
  async read(): Promise<Buffer | undefined> {
    return readFile(this.file).catch(() => undefined);
  }

  /** Saves totals. They are not synced to the disk, because they only have to survive the process. */
  async write(content: Buffer): Promise<void> {
    const temporary = `${this.file}.${process.pid}`;
    await writeFile(temporary, content, { mode: 0o600 });
    await rename(temporary, this.file);
  }

  /** Removes the saved totals. */
  clear(): void {
    rmSync(this.file, { force: true });
  }

  private acquireLock(): boolean {
    try {
      mkdirSync(this.lock);
      return true;
    } catch {
      const age = ageOf(this.lock);
      if (age !== undefined && age > STALE_LOCK_MS) rmSync(this.lock, { recursive: true, force: true });
      return false;
    }
  }

  private ensureDirectory(): void {
    mkdirSync(this.directory, { recursive: true, mode: 0o700 });
    if (!IS_WINDOWS) {
      const found = lstatSync(this.directory);
      if (!found.isDirectory() || found.uid !== this.uid || (found.mode & 0o077) !== 0) {
        throw new Error(
          `${this.directory} must be a directory that only this user may enter (mode 0700); fix it or set cluster.directory`,
        );
      }
    }
  }

  private removeStaleFiles(): void {
    for (const entry of readdirSync(this.directory)) {
      if (!/^[0-9a-f]{16}\.(?:counts|alerts|lock|sock\.)/.test(entry)) continue;
      const path = join(this.directory, entry);
      if ((ageOf(path) ?? 0) > STALE_FILE_MS) rmSync(path, { recursive: true, force: true });
    }
  }
}

function ignore(): void {}

function inode(path: string): string | undefined {
  const found = statSync(path, { throwIfNoEntry: false });
  return found && `${found.dev}/${found.ino}/${found.birthtimeMs}`;
}

function ageOf(path: string): number | undefined {
  const found = statSync(path, { throwIfNoEntry: false });
  return found && Date.now() - found.mtimeMs;
}
