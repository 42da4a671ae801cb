import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { LIBRARY_METRIC_NAMES } from '../../lib/metrics/library-metric-names.js';

const LIB = resolve(import.meta.dirname, '../../lib');
const sources = readdirSync(LIB, { recursive: true, encoding: 'utf8' })
  .filter(
    (path) => path.endsWith('.ts') && !path.startsWith('testing') && !path.includes('library-metric-names'),
  )
  .map((path) => readFileSync(join(LIB, path), 'utf8'))
  .join('\n');

describe('the names of all metrics of the library', () => {
  const DEFINITION =
    /(?:(?:counter|gauge|histogram|timer)(?:<[^()]*>)?\(\s*|(?:total|duration|inProgress): \[\s*|\b(?:name|metric): )'([a-z]\w+_\w+)'/g;
  /** Parts of composed names, and the name of a rule. */
  const OTHERS: ReadonlySet<string> = new Set([
    'total_bytes',
    'used_bytes',
    'free_bytes',
    'inodes_percent',
    'unexpected_end',
  ]);

  /** Names that the sources put together from parts. */
  const COMPOSED = /^(nodejs_eventloop_lag_\w+_seconds|system_load\d+|system_disk_\w+)$/;

  it('include that of each definition', () => {
    const defined = [...sources.matchAll(DEFINITION)].map(([, name = '']) => name);
    expect(defined.length).toBeGreaterThan(100);
    expect(defined.filter((name) => !LIBRARY_METRIC_NAMES.has(name) && !OTHERS.has(name))).toEqual([]);
  });

  it('include none that the sources do not have', () => {
    const unknown = [...LIBRARY_METRIC_NAMES].filter(
      (name) => !sources.includes(`'${name}'`) && !COMPOSED.test(name),
    );
    expect(unknown).toEqual([]);
  });
});
