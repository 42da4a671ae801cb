/** Pages stop to grow at so many rows, `2 ** 10`, so that little is held that is not used. */
const LARGEST_PAGE_BITS = 10;

/**
 * Rows of numbers, one row a series, in pages that never move: a bound series may keep the page and the offset of
 * its row, and a snapshot is a few `memcpy`. Each page is twice the one before, up to a limit.
 */
export class NumberRows {
  private readonly pages: Float64Array[] = [];
  /** How many rows the pages have that are still smaller than the largest. */
  private readonly growingRows: number;
  private readonly growingPages: number;

  /**
   * @param stride how many numbers a row has
   * @param firstPageBits the first page holds `2 ** firstPageBits` rows
   */
  constructor(
    readonly stride: number,
    private readonly firstPageBits: number,
  ) {
    this.growingRows = (1 << LARGEST_PAGE_BITS) - (1 << firstPageBits);
    this.growingPages = LARGEST_PAGE_BITS - firstPageBits;
  }

  /** Makes sure that the row exists; rows are added in order. */
  ensure(row: number): void {
    const page = this.pageIndex(row);
    if (page < this.pages.length) return;
    const bits = Math.min(this.firstPageBits + page, LARGEST_PAGE_BITS);
    this.pages.push(new Float64Array((1 << bits) * this.stride));
  }

  page(row: number): Float64Array {
    return this.pages[this.pageIndex(row)];
  }

  offset(row: number): number {
    if (row >= this.growingRows) {
      return ((row - this.growingRows) & ((1 << LARGEST_PAGE_BITS) - 1)) * this.stride;
    }
    const first = 1 << this.firstPageBits;
    return (row + first - (first << this.pageIndex(row))) * this.stride;
  }

  /** Copies the first `count` rows into one array. */
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
