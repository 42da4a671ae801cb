import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import LongestFirst, { LONG_FILES } from './longest-first.sequencer.mjs';

const ROOT = resolve(import.meta.dirname, '../../..');

/** A file of tests as Jest has it, in a project that has no cache. */
function testFile(path: string, size: number) {
  const config = { rootDir: ROOT, cache: false };
  return { path: resolve(ROOT, path), context: { config, hasteFS: { getSize: () => size } } };
}

describe('the order of the files of tests', () => {
  it('knows only files that are there', () => {
    expect(Object.keys(LONG_FILES).filter((path) => !existsSync(resolve(ROOT, path)))).toEqual([]);
  });

  it('begins with those that take longest, then goes by size', () => {
    const long = testFile('test/services/memory-growth.spec.ts', 3_000);
    const [short, large] = [testFile('test/short.spec.ts', 100), testFile('test/large.spec.ts', 20_000)];
    expect(new LongestFirst().sort([short, long, large])).toEqual([long, large, short]);
  });
});
