/** The largest page has `2 ** 10` rows, which bounds the unused memory. */
const LARGEST_PAGE_BITS = 10;

/**
 * Rows of numbers, one row for each series, in pages that never move: a bound series may keep the page and the offset of
 * its row, and a snapshot is a few `memcpy`. Each page has twice the size of the one before, up to a limit.
 */
export class NumberRows {
  private readonly pages: Float64Array[] = [];
  /** The number of rows in pages that are smaller than the largest. */
  private readonly growingRows: number;
  private readonly growingPages: number;

  /**
   * @param stride numbers in a row
   * @param firstPageBits binary logarithm of the number of rows in the first page
   */
  constructor(
    readonly stride: number,
    private readonly firstPageBits: number,
  ) {
    this.growingRows = (1 << LARGEST_PAGE_BITS) - (1 << firstPageBits);
    this.growingPages = LARGEST_PAGE_BITS - firstPageBits;
  }

  /** Allocates the page of a row, unless it exists. Rows are added in order. */
  ensure(row: number): void {
    const page = this.pageIndex(row);
    if (page < this.pages.length) return;
    const bits = Math.min(this.firstPageBits + page, LARGEST_PAGE_BITS);
    this.pages.push(new Float64Array((1 << bits) * this.stride));
  }

  /** Returns the page of a row that exists. */
  page(row: number): Float64Array {
    // On the hot path of a sample with labels, always with a row that exists.
    return this.pages[this.pageIndex(row)]!;
  }

  /** Returns the offset of a row in its page. */
  offset(row: number): number {
    if (row >= this.growingRows) {
      return ((row - this.growingRows) & ((1 << LARGEST_PAGE_BITS) - 1)) * this.stride;
    }
    const first = 1 << this.firstPageBits;
    return (row + first - (first << this.pageIndex(row))) * this.stride;
  }

  /** Returns a copy of the first `count` rows in one array. */
  copy(count: number): Float64Array {
    const copy = new Float64Array(count * this.stride);
    let at = 0;
    for (const page of this.pages) {
      const left = copy.length - at;
      if (left <= 0) break;
      copy.set(left < page.length ? page.subarray(0, left) : page, at);
      at += page.length;
    }
    return copy;
  }

  private pageIndex(row: number): number {
    return row < this.growingRows
      ? 31 - Math.clz32(row + (1 << this.firstPageBits)) - this.firstPageBits
      : this.growingPages + ((row - this.growingRows) >> LARGEST_PAGE_BITS);
  }
}
