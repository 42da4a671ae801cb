import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import type { ResolvedRotation } from './json.options.js';

const NEWLINE = 0x0a;
/** Number of bytes that are searched at a time for a line break. */
const SEARCH_BYTES = 64 * 1024;

/**
 * A file to which lines are appended, with its rotated predecessors. An incomplete last line, left by a killed process
 * or a full disk, is cut off before the next line is appended.
 */
export class RotatedLines {
  constructor(
    private readonly path: string,
    private readonly rotation: ResolvedRotation,
  ) {}

  /** Appends a line. @param pieces the line without its line break */
  async write(pieces: readonly Buffer[], signal: AbortSignal): Promise<void> {
    const length = pieces.reduce((sum, piece) => sum + piece.length, 1);
    let file = await open(this.path, 'a+');
    try {
      let size = await endOfLastLine(file);
      if (size > 0 && size + length > this.rotation.maxBytes) {
        await file.close();
        await this.rotate();
        file = await open(this.path, 'a+');
        size = 0;
      }
      signal.throwIfAborted();
      await append(file, [...pieces, Buffer.from('\n')], size);
    } finally {
      await file.close();
    }
  }

  private async rotate(): Promise<void> {
    const last = this.rotation.maxFiles - 1;
    if (last === 0) {
      await rm(this.path, { force: true });
      return;
    }
    for (let number = last; number >= 1; number--) {
      const older = number === 1 ? this.path : `${this.path}.${number - 1}`;
      await rename(older, `${this.path}.${number}`).catch(unlessMissing);
    }
  }
}

/** Appends to a file, or leaves it as it was. */
async function append(file: FileHandle, pieces: readonly Buffer[], size: number): Promise<void> {
  try {
    for (const piece of pieces) await file.writeFile(piece);
    await file.datasync();
  } catch (error) {
    await file.truncate(size).catch(() => undefined);
    throw error;
  }
}

/** Cuts off an incomplete last line and returns the size of the file. */
async function endOfLastLine(file: FileHandle): Promise<number> {
  const { size } = await file.stat();
  for (let end = size; end > 0; end -= SEARCH_BYTES) {
    const start = Math.max(0, end - SEARCH_BYTES);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(end - start), 0, end - start, start);
    const found = buffer.subarray(0, bytesRead).lastIndexOf(NEWLINE);
    if (found < 0) continue;
    const complete = start + found + 1;
    if (complete < size) await file.truncate(complete);
    return complete;
  }
  if (size > 0) await file.truncate(0);
  return 0;
}

function unlessMissing(error: unknown): void {
  if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
}
