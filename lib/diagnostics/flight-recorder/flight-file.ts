import {
  closeSync,
  constants,
  fstatSync,
  ftruncateSync,
  openSync,
  readSync,
  statSync,
  writeSync,
} from 'node:fs';
import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import {
  emptyRing,
  encodeSign,
  encodeSlot,
  type FlightSign,
  FOREIGN,
  hasSequence,
  HEAD_BYTES,
  MAX_RING_BYTES,
  positionOf,
  readRing,
  type Ring,
  SIGN_BYTES,
  SIGN_POSITION,
  type Slot,
  SLOT_BYTES,
} from './flight-ring.js';
import { entryText, type FlightEntry, lastSignOf, MAX_ITEMS, readEntry } from './flight-row.js';

/** Maximum number of files, and so of processes that record at once. */
const MAX_FILES = 64;
/** Maximum number of entries that are read: those of the last minute. */
const MAX_ENTRIES = 60;
/** Sequence number from which on a file begins again. */
const MAX_SEQUENCE = 1e11;
/** Permissions of a new file: it names routes and errors of the application. */
const MODE = 0o600;
/** Neither waits for the other end of a pipe nor makes a terminal that of this process. */
const READ_WRITE = constants.O_RDWR | (constants.O_NONBLOCK ?? 0) | (constants.O_NOCTTY ?? 0);

/** The state of a file that this process may record into. */
interface Candidate {
  readonly path: string;
  readonly use: 'missing' | 'free' | 'running' | 'uncertain' | 'foreign';
  /** Reason for which a foreign file is not used. */
  readonly reason?: string;
  readonly ring?: Ring;
  readonly last?: FlightEntry;
}

/** The process that wrote the last entry of a file. */
export interface Predecessor {
  /** The entries of that process, the oldest first. */
  readonly entries: readonly FlightEntry[];
  /** True if a part of the file is missing or was written in part. */
  readonly isTorn: boolean;
}

/** The result of an attempt to have a file. */
export interface Claim {
  readonly predecessor: Predecessor;
  /** The files that were left alone, with the reason. */
  readonly foreign: readonly { readonly path: string; readonly reason: string }[];
  /** The processes that record into other files. */
  readonly running: readonly FlightEntry[];
}

/** The use of a file that another process may write to: its last sequence number, by path. */
export type Uncertain = ReadonlyMap<string, number>;

/** Returns true if the process that wrote an entry still runs; undefined if it cannot be found out here. */
export type IsRunning = (entry: FlightEntry) => boolean | undefined;

/**
 * A file of fixed size that has the last entries of a process. A process uses one that no other process writes to: the file
 * itself, or the same name with a number.
 */
export class FlightFile {
  private readonly first: string;
  private readonly slot = Buffer.alloc(SLOT_BYTES);
  private readonly signBytes = Buffer.alloc(SIGN_BYTES);
  private readonly read = Buffer.alloc(HEAD_BYTES);
  private opened: { fd: number; path: string; dev: number; ino: number; bytes: number } | undefined;
  private sequence = 0;

  constructor(
    path: string,
    private readonly bytes: number,
    private readonly isRunning: IsRunning,
  ) {
    // The application may change its working directory.
    this.first = resolve(path);
  }

  /** Path of the file that is in use. */
  get path(): string | undefined {
    return this.opened?.path;
  }

  /**
   * Finds a file that no other process writes to, and opens it.
   *
   * @param earlier what an earlier call has returned: a file that has not changed since is free
   * @returns the files of which it is uncertain whether another process writes to them, to be called again later
   * @throws if no file can be written
   */
  claim(earlier?: Uncertain): Claim | { readonly uncertain: Uncertain } {
    const candidates = this.candidates(earlier);
    const uncertain = candidates.filter(({ use }) => use === 'uncertain');
    if (uncertain.length > 0) {
      return { uncertain: new Map(uncertain.map(({ path, ring }) => [path, lastSequence(ring)])) };
    }
    const chosen = chooseFrom(candidates);
    const foreign = candidates.flatMap(({ path, use, reason = '' }) =>
      use === 'foreign' ? [{ path, reason }] : [],
    );
    if (chosen === undefined) {
      const [why] = foreign;
      throw new Error(why ? `${why.path} ${why.reason}` : `${MAX_FILES} other processes record`);
    }
    this.open(chosen);
    return {
      predecessor: predecessorIn(chosen.ring),
      foreign,
      running: candidates.flatMap(({ use, last }) => (use === 'running' && last ? [last] : [])),
    };
  }

  /** Writes an entry. @throws if the file cannot be written */
  write(entry: FlightEntry): void {
    const { opened, slot } = this;
    if (opened === undefined) return;
    this.sequence++;
    let items = MAX_ITEMS;
    while (!encodeSlot(slot, this.sequence, entryText(entry, items)) && items > 0) items--;
    this.put(slot, positionOf(this.sequence, opened.bytes));
  }

  /**
   * Writes a sign of life into the last entry. It costs a fraction of an entry.
   *
   * @throws if the file cannot be written
   */
  beat(sign: FlightSign): void {
    const { opened, signBytes } = this;
    if (opened === undefined) return;
    encodeSign(signBytes, sign);
    this.put(signBytes, positionOf(this.sequence, opened.bytes) + SIGN_POSITION);
  }

  /** Returns false if another process has written over the last entry, or after it. */
  isOwn(): boolean {
    const { opened, slot, read, sequence } = this;
    if (opened === undefined) return false;
    readSync(opened.fd, read, 0, HEAD_BYTES, positionOf(sequence, opened.bytes));
    if (read.compare(slot, 0, HEAD_BYTES) !== 0) return false;
    readSync(opened.fd, read, 0, HEAD_BYTES, positionOf(sequence + 1, opened.bytes));
    return !hasSequence(read, sequence + 1);
  }

  /** Returns false if the path leads to another file by now, or to none. */
  async isInPlace(): Promise<boolean> {
    const { opened } = this;
    if (opened === undefined) return false;
    const found = await stat(opened.path).catch(() => undefined);
    return found?.ino === opened.ino && found.dev === opened.dev;
  }

  close(): void {
    const { opened } = this;
    this.opened = undefined;
    if (opened !== undefined) closeSync(opened.fd);
  }

  private put(bytes: Buffer, position: number): void {
    const { opened } = this;
    if (opened === undefined) return;
    const written = writeSync(opened.fd, bytes, 0, bytes.length, position);
    if (written < bytes.length) throw new Error(`only ${written} of ${bytes.length} bytes were written`);
  }

  private candidates(earlier: Uncertain | undefined): Candidate[] {
    const candidates: Candidate[] = [];
    for (let number = 1; number <= MAX_FILES; number++) {
      const path = number === 1 ? this.first : `${this.first}.${number}`;
      const candidate = this.inspect(path, earlier?.get(path));
      candidates.push(candidate);
      if (candidate.use === 'missing') break;
    }
    return candidates;
  }

  private inspect(path: string, earlier: number | undefined): Candidate {
    let content: Buffer | string | undefined;
    try {
      content = readContent(path);
    } catch (error) {
      return { path, use: 'foreign', reason: `cannot be opened (${(error as NodeJS.ErrnoException).code})` };
    }
    if (content === undefined) return { path, use: 'missing' };
    if (typeof content === 'string') return { path, use: 'foreign', reason: content };
    const ring = readRing(content);
    if (ring === FOREIGN) {
      return { path, use: 'foreign', reason: 'is not a file of this version of the flight recorder' };
    }
    const last = lastEntry(ring);
    return { path, ring, use: this.useOf(ring, last, earlier), ...(last && { last }) };
  }

  private useOf(ring: Ring, last: FlightEntry | undefined, earlier: number | undefined): Candidate['use'] {
    if (last === undefined || last.end !== undefined) return 'free';
    if (earlier !== undefined) return lastSequence(ring) === earlier ? 'free' : 'running';
    const isRunning = this.isRunning(last);
    if (isRunning === undefined) return 'uncertain';
    return isRunning ? 'running' : 'free';
  }

  private open({ path, ring }: Candidate): void {
    this.close();
    const fd = openSync(path, READ_WRITE | constants.O_CREAT, MODE);
    try {
      const { dev, ino, size } = fstatSync(fd);
      const empty = emptyRing(this.bytes);
      // Written in full, so that it can be written to when the disk is full.
      const sequence = lastSequence(ring);
      const isUsable = ring?.isTorn === false && sequence > 0 && sequence < MAX_SEQUENCE;
      if (size !== empty.length || !isUsable) {
        ftruncateSync(fd, empty.length);
        for (let at = 0; at < empty.length;) at += writeSync(fd, empty, at, empty.length - at, at);
      }
      this.opened = { fd, path, dev, ino, bytes: empty.length };
      this.sequence = isUsable ? sequence : 0;
    } catch (error) {
      closeSync(fd);
      throw error;
    }
  }
}

/** Returns the file of the process that ended last; a new one if every file is in use. */
function chooseFrom(candidates: readonly Candidate[]): Candidate | undefined {
  const free = candidates.filter(({ use }) => use === 'free');
  const timeOf = ({ last }: Candidate): number => (last ? lastSignOf(last) : 0);
  return free.toSorted((a, b) => timeOf(b) - timeOf(a))[0] ?? candidates.find(({ use }) => use === 'missing');
}

function predecessorIn(ring: Ring = { slots: [], isTorn: false }): Predecessor {
  const all = ring.slots.slice(-MAX_ENTRIES).flatMap((slot) => entryIn(slot) ?? []);
  const last = all.at(-1)?.process;
  const entries = all.filter(
    ({ process }) => process.pid === last?.pid && process.startedAt === last.startedAt,
  );
  return { entries, isTorn: ring.isTorn };
}

function lastEntry({ slots }: Ring): FlightEntry | undefined {
  const last = slots.at(-1);
  return last && entryIn(last);
}

function entryIn({ text, sign }: Slot): FlightEntry | undefined {
  return readEntry(text, sign);
}

function lastSequence(ring: Ring | undefined): number {
  return ring?.slots.at(-1)?.sequence ?? 0;
}

/** Returns the content of a file, undefined if there is none, or the reason for which it is not read. */
function readContent(path: string): Buffer | string | undefined {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined) return undefined;
  if (!found.isFile()) return 'is not a regular file';
  if (found.size > MAX_RING_BYTES) return 'is too large for a file of the flight recorder';
  const fd = openSync(path, READ_WRITE);
  try {
    const content = Buffer.alloc(found.size);
    let length = 0;
    for (let read = -1; read !== 0; length += read) {
      read = readSync(fd, content, length, content.length - length, length);
    }
    return content.subarray(0, length);
  } finally {
    closeSync(fd);
  }
}
