/** How fast counters that are kept elsewhere grow, all of them together, from one look to the next. */
export class GrowthRate {
  private last: ReadonlyMap<string, number> | undefined;
  private lastAt = 0;

  /**
   * @param totals the counters as they stand, by a name that tells them apart
   * @param now monotonic, in milliseconds
   * @returns undefined at the first look; one that is new or has begun anew adds nothing
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
