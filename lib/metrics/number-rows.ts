/** A page has `2 ** 10` rows, which bounds the unused memory. */
const PAGE_BITS = 10;
const PAGE_ROWS = 1 << PAGE_BITS;

/** Length, in numbers, from which an array is left uninitialized. */
const LARGE = 1 << 13;

/**
 * Rows of numbers, one row for each series, in pages: a bound series may keep the page and the offset of its row, and a
 * snapshot is a few `memcpy`. The first page begins small and is replaced by one of twice its size until it is full.
 */
export class NumberRows {
  private readonly pages: Float64Array[] = [];

  /**
   * @param stride numbers in a row
   * @param firstRows number of rows in the first page, a power of two
   */
  constructor(
    readonly stride: number,
    private readonly firstRows: number,
  ) {}

  /** Makes room for a row. Rows are added in order. @returns true if earlier rows are in another page now */
  ensure(row: number): boolean {
    const { pages, stride } = this;
    const last = pages.at(-1);
    if (last === undefined) {
      pages.push(new Float64Array(this.firstRows * stride));
      return false;
    }
    if (row >= PAGE_ROWS) {
      if (row >> PAGE_BITS === pages.length) pages.push(new Float64Array(PAGE_ROWS * stride));
      return false;
    }
    if (row * stride < last.length) return false;
    const larger = new Float64Array(last.length * 2);
    larger.set(last);
    pages[0] = larger;
    return true;
  }

  /** Returns the page of a row that exists. */
  page(row: number): Float64Array {
    // On the hot path of a sample with labels, always with a row that exists.
    return this.pages[row >> PAGE_BITS]!;
  }

  /** Returns the offset of a row in its page. */
  offset(row: number): number {
    return (row & (PAGE_ROWS - 1)) * this.stride;
  }

  /** Returns a copy of the first `count` rows in one array. */
  copy(count: number): Float64Array {
    const copy = uninitialized(count * this.stride);
    let at = 0;
    for (const page of this.pages) {
      const left = copy.length - at;
      if (left <= 0) break;
      copy.set(left < page.length ? page.subarray(0, left) : page, at);
      at += page.length;
    }
    if (at < copy.length) copy.fill(0, at);
    return copy;
  }
}

/** Returns an array, a large one uninitialized; the caller writes every number. Zeros would take as long as the copy itself. */
function uninitialized(length: number): Float64Array {
  return length < LARGE
    ? new Float64Array(length)
    : new Float64Array(Buffer.allocUnsafeSlow(8 * length).buffer);
}
