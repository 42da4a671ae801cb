import { readdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';

export const ROOT = resolve(import.meta.dirname, '../..');

/** The pages of the manual. */
export const MANUAL: readonly string[] = readdirSync(resolve(ROOT, 'docs'))
  .filter((file) => file.endsWith('.md'))
  .map((file) => `docs/${file}`);

/** The documents of this repository that people read, by their paths. */
export const DOCUMENTS: readonly string[] = [
  'README.md',
  'CONTRIBUTING.md',
  'SECURITY.md',
  'sample-app/README.md',
  'sample-app/deploy/kubernetes/README.md',
  'sample-app/migrating/README.md',
  ...MANUAL,
];

/** Returns the text of a document. */
export function textOf(document: string): string {
  return readFileSync(resolve(ROOT, document), 'utf8');
}
