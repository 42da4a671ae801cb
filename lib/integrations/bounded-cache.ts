import { copyString } from '../primitives/copy-string.js';

/**
 * A cache with strings as keys, bounded by their number and their length. A key that was read lately stays, even while
 * many others are used only once.
 */
export class BoundedCache<T> {
  private recent = new Map<string, T>();
  private older = new Map<string, T>();
  private length = 0;

  /**
   * @param maxCount maximum number of keys
   * @param maxLength maximum length of all keys together, in UTF-16 code units
   */
  constructor(
    private readonly maxCount: number,
    private readonly maxLength: number,
  ) {}

  get(text: string): T | undefined {
    const found = this.recent.get(text);
    if (found !== undefined) return found;
    const old = this.older.get(text);
    if (old !== undefined) this.set(text, old);
    return old;
  }

  set(text: string, value: T): void {
    if ((this.recent.size + 1) * 2 > this.maxCount || (this.length + text.length) * 2 > this.maxLength) {
      this.older = this.recent;
      this.recent = new Map();
      this.length = 0;
    }
    this.recent.set(copyString(text), value);
    this.length += text.length;
  }
}
