import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { CodeBlock } from './code-blocks.js';
import { ROOT } from './documents.js';

/** As its name says, nothing looks in here. */
const FOLDER = resolve(import.meta.dirname, 'dist');

/**
 * Runs the tests among blocks that say which files they are, as tests of the file that is running. What they import
 * is another block or a file of the repository.
 *
 * @returns a function that imports the file of another block, by its path
 */
export async function runExamples(blocks: readonly CodeBlock[]): Promise<<T>(path: string) => Promise<T>> {
  rmSync(FOLDER, { recursive: true, force: true });
  const places = new Map(
    blocks.map(({ path = '' }) => [
      resolve(ROOT, path),
      resolve(FOLDER, path.replace(/\.ts$/, '.example.ts')),
    ]),
  );
  for (const { path = '', code } of blocks) {
    const from = resolve(ROOT, path);
    const to = places.get(from) ?? '';
    mkdirSync(dirname(to), { recursive: true });
    writeFileSync(
      to,
      code.replaceAll(/(from ')(\.{1,2}\/[^']*?)(?:\.js)?'/g, (_, before: string, specifier: string) => {
        const target = `${resolve(dirname(from), specifier)}.ts`;
        return `${before}${places.get(target) ?? target}'`;
      }),
    );
  }
  for (const [from, to] of places) if (from.endsWith('.spec.ts')) await import(to);
  return <T>(path: string) => import(places.get(resolve(ROOT, path)) ?? path) as Promise<T>;
}
