import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import * as names from '../../lib/metrics/metric-names.js';

const LIB = resolve(import.meta.dirname, '../../lib');
const HOME = 'metrics/metric-names.ts';
const { LIBRARY_METRIC_NAMES, ...groups } = names;
const all = Object.values(groups).flatMap((group) => Object.values<string>(group));

describe('the names that several rooms share', () => {
  it('are valid, and each is there once', () => {
    expect(all.filter((name) => !/^[a-z][a-z0-9_]*[a-z0-9]$/.test(name))).toEqual([]);
    expect(new Set(all).size).toBe(all.length);
  });

  it('are imported, and written as a string nowhere else', () => {
    const written = readdirSync(LIB, { recursive: true, encoding: 'utf8' })
      .filter((path) => path.endsWith('.ts') && path !== HOME && !path.includes('/page/'))
      .flatMap((path) => {
        const text = readFileSync(join(LIB, path), 'utf8');
        return all.filter((name) => text.includes(`'${name}'`)).map((name) => `${path} ${name}`);
      });
    expect(written).toEqual([]);
  });
});

describe('the names of all metrics of the library', () => {
  const DEFINITION =
    /(?:(?:counter|gauge|histogram|timer)(?:<[^()]*>)?\(\s*|(?:total|duration|inProgress): \[\s*|\b(?:name|metric): )'([a-z]\w+_\w+)'/g;
  /** Parts of composed names, and the metrics of `MetricsInterceptor`, which are about handlers of the application. */
  const OTHERS: ReadonlySet<string> = new Set([
    'total_bytes',
    'used_bytes',
    'free_bytes',
    'inodes_percent',
    'handler_calls_total',
    'handler_duration_seconds',
    'handler_calls_in_progress',
    'handler_errors_total',
  ]);

  it('include that of each definition', () => {
    const missing = readdirSync(LIB, { recursive: true, encoding: 'utf8' })
      .filter((path) => path.endsWith('.ts') && !path.startsWith('testing'))
      .flatMap((path) =>
        [...readFileSync(join(LIB, path), 'utf8').matchAll(DEFINITION)].map(([, name = '']) => name),
      )
      .filter((name) => !LIBRARY_METRIC_NAMES.has(name) && !OTHERS.has(name));
    expect(missing).toEqual([]);
  });
});
