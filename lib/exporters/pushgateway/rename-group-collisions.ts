import type { MetricFamily, MetricsSnapshot, SeriesIdentities } from '../../metrics/snapshot.js';
import { exportedName } from '../exported-name.js';

/**
 * Renames the labels that collide with a label of the group, `job` to `exported_job`, as Prometheus does when it
 * scrapes. The Pushgateway would replace their values by those of the group, and reject the push if two series became
 * equal.
 *
 * @see https://github.com/prometheus/pushgateway#about-the-job-and-instance-labels
 */
export function renameGroupCollisions(
  snapshot: MetricsSnapshot,
  groupLabels: readonly string[],
): MetricsSnapshot {
  const families = snapshot.families.map((family) => {
    const used = new Set([...family.labelNames, ...Object.keys(snapshot.defaultLabels)]);
    const colliding = groupLabels.filter((name) => used.has(name));
    if (colliding.length === 0) return family;
    for (const name of groupLabels) used.add(name);
    return renamed(family, new Map(colliding.map((name) => [name, exportedName(name, used)])));
  });
  return { ...snapshot, families };
}

/** Returns the family with other label names at the start of its exposition lines. */
function renamed<F extends MetricFamily>(family: F, names: ReadonlyMap<string, string>): F {
  // Quotes within a value are escaped, so this matches label names only.
  const label = new RegExp(`(?<=[{,])(?:${[...names.keys()].join('|')})(?==")`, 'g');
  const renamedPrefix = (prefix: string): string => prefix.replace(label, (name) => names.get(name) ?? name);
  const identities: SeriesIdentities = {
    expositionPrefixOf: (row) => renamedPrefix(family.identities.expositionPrefixOf(row)),
    renderPrefixOf: (row) => renamedPrefix(family.identities.renderPrefixOf(row)),
    labelsOf: (row) => family.identities.labelsOf(row),
  };
  return { ...family, identities };
}
