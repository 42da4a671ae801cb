import { createHash } from 'node:crypto';

const DIGEST_LENGTH = 8;

/** The name if it is short enough; otherwise its beginning, and a digest so that no other becomes the same. */
export function shortName(name: string, maxLength: number): string {
  if (name.length <= maxLength) return name;
  const digest = createHash('sha256').update(name).digest('hex').slice(0, DIGEST_LENGTH);
  return `${name.slice(0, maxLength - DIGEST_LENGTH - 1)}_${digest}`;
}
