import type { MetricFamily, MetricsSnapshot, SeriesIdentities } from '../../metrics/snapshot.js';

const PREFIX = 'exported_';

/**
 * The snapshot with labels that a group has too under another name, `exported_job` for `job`, as Prometheus calls
 * them when it scrapes. The Pushgateway would put the value of the group in their place: series that only such a
 * label tells apart would be the same then, and the whole push refused.
 *
 * @see https://github.com/prometheus/pushgateway#about-the-job-and-instance-labels
 */
export function labelsBesideGroup(
  snapshot: MetricsSnapshot,
  groupLabels: readonly string[],
): MetricsSnapshot {
  const families = snapshot.families.map((family) => {
    const used = new Set([...family.labelNames, ...Object.keys(snapshot.defaultLabels)]);
    const taken = groupLabels.filter((name) => used.has(name));
    if (taken.length === 0) return family;
    for (const name of groupLabels) used.add(name);
    return renamed(family, new Map(taken.map((name) => [name, freeName(name, used)])));
  });
  return { ...snapshot, families };
}

/** A name that is not used yet, and is from now on. */
function freeName(name: string, used: Set<string>): string {
  let free = PREFIX + name;
  while (used.has(free)) free = PREFIX + free;
  used.add(free);
  return free;
}

/** The same rows; only what the exposition reads of them is changed, which is how their lines begin. */
function renamed<F extends MetricFamily>(family: F, names: ReadonlyMap<string, string>): F {
  // Within a value each quote has a backslash before it, so this is nowhere but at a label.
  const label = new RegExp(`(?<=[{,])(?:${[...names.keys()].join('|')})(?==")`, 'g');
  const identities: SeriesIdentities = {
    expositionPrefixOf: (row) =>
      family.identities.expositionPrefixOf(row).replace(label, (name) => names.get(name) ?? name),
    labelsOf: (row) => family.identities.labelsOf(row),
  };
  return { ...family, identities };
}
