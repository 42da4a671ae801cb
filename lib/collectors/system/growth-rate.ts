/** The rate at which the sum of several counters kept elsewhere grows, from one reading to the next. */
export class GrowthRate {
  private last: ReadonlyMap<string, number> | undefined;
  private lastAt = 0;

  /**
   * Returns the growth per second since the last reading; undefined at the first one. A counter that is new or has
   * restarted adds nothing.
   *
   * @param totals current values of the counters, by a unique name
   * @param now monotonic time in milliseconds
   */
  perSecond(totals: ReadonlyMap<string, number>, now: number): number | undefined {
    const { last, lastAt } = this;
    this.last = totals;
    this.lastAt = now;
    if (last === undefined || now <= lastAt) return undefined;
    let grown = 0;
    for (const [name, total] of totals) grown += Math.max(0, total - (last.get(name) ?? total));
    return (grown * 1000) / (now - lastAt);
  }
}
