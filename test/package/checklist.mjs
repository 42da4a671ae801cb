/** Runs checks one after the other, prints a line for each and counts how they went. */
export class Checklist {
  passed = 0;
  failed = 0;

  /**
   * @param {string} sentence what should be so
   * @param {() => unknown} check throws if it is not so
   * @returns {Promise<boolean>} whether it is so
   */
  async check(sentence, check) {
    try {
      await check();
      this.passed++;
      console.log(`  ok      ${sentence}`);
      return true;
    } catch (error) {
      this.failed++;
      console.log(`  FAILED  ${sentence}`);
      const reason = error instanceof Error ? error.message : String(error);
      console.log(reason.replace(/^/gm, '            '));
      return false;
    }
  }

  /** @param {string} sentence what cannot be checked here, and why */
  skip(sentence) {
    console.log(`  skipped ${sentence}`);
  }

  get totals() {
    return `${this.passed} passed, ${this.failed} failed`;
  }
}
