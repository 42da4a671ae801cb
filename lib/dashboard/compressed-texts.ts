import { promisify } from 'node:util';
import { constants, gzip } from 'node:zlib';

const compress = promisify(gzip);

const MAX_ENTRIES = 64;
const MAX_CHARACTERS = 4 * 1024 * 1024;

/**
 * A cache of compressed texts, bounded in number and size. Many readers ask for the same answers between two samples:
 * each is compressed once, off the event loop.
 */
export class CompressedTexts {
  private readonly entries = new Map<string, Promise<Buffer>>();
  private characters = 0;

  /** Returns a text compressed with gzip. */
  get(text: string): Promise<Buffer> {
    const cached = this.entries.get(text);
    if (cached !== undefined) return cached;
    const compressed = compress(text, { level: constants.Z_BEST_SPEED });
    // An error is not kept.
    compressed.catch(() => this.remove(text));
    this.entries.set(text, compressed);
    this.characters += text.length;
    this.evict();
    return compressed;
  }

  /** Removes the oldest entries until the limits are met. */
  private evict(): void {
    for (const oldest of this.entries.keys()) {
      if (this.entries.size <= MAX_ENTRIES && this.characters <= MAX_CHARACTERS) return;
      this.remove(oldest);
    }
  }

  private remove(text: string): void {
    if (this.entries.delete(text)) this.characters -= text.length;
  }
}
