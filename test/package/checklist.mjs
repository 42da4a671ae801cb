/** Runs checks one after the other, prints a line for each and counts how they went. */
export class Checklist {
  passed = 0;
  failed = 0;
  /** @type {string[]} */
  #cells = [];

  /**
   * @param {string} sentence what should be so
   * @param {() => unknown} check throws if it is not so
   * @returns {Promise<boolean>} whether it is so
   */
  async check(sentence, check) {
    const secondsSince = stopwatch();
    try {
      await check();
      this.passed++;
      console.log(`  ok      ${sentence} (${secondsSince()} s)`);
      return true;
    } catch (error) {
      this.failed++;
      console.log(`  FAILED  ${sentence} (${secondsSince()} s)`);
      const reason = error instanceof Error ? error.message : String(error);
      console.log(reason.replace(/^/gm, '            '));
      return false;
    }
  }

  /**
   * Runs the checks of one cell of the matrix.
   *
   * @param {string} title
   * @param {() => Promise<void>} checks
   */
  async cell(title, checks) {
    const secondsSince = stopwatch();
    await checks();
    this.#cells.push(`${secondsSince().padStart(6)} s  ${title}`);
  }

  /** @param {string} sentence what cannot be checked here, and why */
  skip(sentence) {
    console.log(`  skipped ${sentence}`);
  }

  /** The cells with the time that each took, and the totals. */
  get summary() {
    return [...this.#cells, `${this.passed} passed, ${this.failed} failed`].join('\n');
  }
}

function stopwatch() {
  const start = performance.now();
  return () => ((performance.now() - start) / 1000).toFixed(1);
}
