const PREFIX = 'exported_';

/**
 * Returns the name of a label that a label of the target or group replaces, and marks it as used. It has the prefix of
 * Prometheus, repeated while the name is used already.
 */
export function exportedName(name: string, used: Set<string>): string {
  let free = PREFIX + name;
  while (used.has(free)) free = PREFIX + free;
  used.add(free);
  return free;
}
