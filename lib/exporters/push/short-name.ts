import { createHash } from 'node:crypto';

const DIGEST_LENGTH = 8;

/** Returns the name, shortened to `maxLength` if needed; a digest at its end keeps shortened names distinct. */
export function shortName(name: string, maxLength: number): string {
  if (name.length <= maxLength) return name;
  const digest = createHash('sha256').update(name).digest('hex').slice(0, DIGEST_LENGTH);
  return `${name.slice(0, maxLength - DIGEST_LENGTH - 1)}_${digest}`;
}
