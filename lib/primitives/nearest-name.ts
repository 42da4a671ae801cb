/** Returns the most similar name, for "did you mean"; undefined if none is similar. */
export function nearestName(name: string, names: Iterable<string>): string | undefined {
  let nearest: string | undefined;
  let least = Math.max(3, Math.floor(name.length / 3)) + 1;
  for (const candidate of names) {
    const distance = editDistance(name, candidate, least);
    // Of short names, each is a few letters away from any other.
    const isSimilar = 2 * distance <= Math.max(name.length, candidate.length);
    if (distance < least && isSimilar) [nearest, least] = [candidate, distance];
  }
  return nearest;
}

/** Returns the Levenshtein distance, or `limit` if it is larger. */
function editDistance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) >= limit) return limit;
  let above = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 0; i < a.length; i++) {
    let left = i + 1;
    const row = [left];
    for (let j = 0; j < b.length; j++) {
      const replaced = (above[j] ?? 0) + (a[i] === b[j] ? 0 : 1);
      left = Math.min(replaced, (above[j + 1] ?? 0) + 1, left + 1);
      row.push(left);
    }
    above = row;
  }
  return Math.min(above.at(-1) ?? 0, limit);
}
