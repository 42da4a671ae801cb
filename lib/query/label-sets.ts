/** The labels of one series or of one group of series. */
export type LabelSet = Readonly<Record<string, string>>;

/** Items that have the same values of the grouping labels. */
export interface LabelGroup<T> {
  /** The grouping labels; empty ones are left out, as in PromQL. */
  readonly labels: LabelSet;
  readonly items: T[];
}

/** Items grouped by labels, in the order in which each group began. */
export class LabelGroups<T extends { readonly labels: LabelSet }> {
  private readonly groups = new Map<string, LabelGroup<T>>();

  /** @param groupBy names of the grouping labels; all labels if undefined */
  constructor(private readonly groupBy: readonly string[] | undefined) {}

  add(item: T): void {
    const labels = groupLabels(item.labels, this.groupBy);
    const key = keyOf(labels);
    const group = this.groups.get(key);
    if (group === undefined) this.groups.set(key, { labels, items: [item] });
    else group.items.push(item);
  }

  all(): LabelGroup<T>[] {
    return [...this.groups.values()];
  }
}

/** Groups items by labels. */
export function groupByLabels<T extends { readonly labels: LabelSet }>(
  items: Iterable<T>,
  groupBy: readonly string[] | undefined,
): LabelGroup<T>[] {
  const groups = new LabelGroups<T>(groupBy);
  for (const item of items) groups.add(item);
  return groups.all();
}

/** Returns a string that identifies a label set, whatever the order of its labels. */
export function keyOf(labels: LabelSet): string {
  return JSON.stringify(Object.entries(labels).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

function groupLabels(labels: LabelSet, groupBy: readonly string[] | undefined): LabelSet {
  if (groupBy === undefined) return labels;
  return Object.fromEntries(
    groupBy.flatMap((name) => (Object.hasOwn(labels, name) && labels[name] ? [[name, labels[name]]] : [])),
  );
}
