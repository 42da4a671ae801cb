import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import type { ResolvedRotation } from './json.options.js';

const NEWLINE = 0x0a;
const SEARCHED_AT_A_TIME = 64 * 1024;

/**
 * A file that lines are added to, and older ones beside it. Half a line, left by a process that died while it wrote
 * or by a full disk, is cut off before the next one is added.
 */
export class RotatedLines {
  constructor(
    private readonly path: string,
    private readonly rotation: ResolvedRotation,
  ) {}

  /** @param pieces of the line, without the break at its end */
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

/** Adds to a file, or leaves it as it was. */
async function append(file: FileHandle, pieces: readonly Buffer[], size: number): Promise<void> {
  try {
    for (const piece of pieces) await file.writeFile(piece);
    await file.datasync();
  } catch (error) {
    await file.truncate(size).catch(() => undefined);
    throw error;
  }
}

/** Where the last whole line ends; what is behind it is cut off. */
async function endOfLastLine(file: FileHandle): Promise<number> {
  const { size } = await file.stat();
  for (let end = size; end > 0; end -= SEARCHED_AT_A_TIME) {
    const start = Math.max(0, end - SEARCHED_AT_A_TIME);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(end - start), 0, end - start, start);
    const found = buffer.subarray(0, bytesRead).lastIndexOf(NEWLINE);
    if (found < 0) continue;
    const whole = start + found + 1;
    if (whole < size) await file.truncate(whole);
    return whole;
  }
  if (size > 0) await file.truncate(0);
  return 0;
}

function unlessMissing(error: unknown): void {
  if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
}
