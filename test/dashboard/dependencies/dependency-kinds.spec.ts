import { describe, expect, it } from '@jest/globals';
import type { DependencyKind } from '../../../lib/dashboard/dependencies/dependency-card.js';
import { DEPENDENCY_KINDS } from '../../../lib/dashboard/dependencies/dependency-kinds.js';
import { LIBRARY_METRIC_NAMES } from '../../../lib/metrics/library-metric-names.js';
import { labelTest, matchersOf } from '../../../lib/query/label-matchers.js';

const ALL: Readonly<Record<DependencyKind, true>> = {
  database: true,
  redis: true,
  cache: true,
  queue: true,
  remote: true,
};

describe('the kinds of dependencies', () => {
  it('are all of them, each once', () => {
    expect(DEPENDENCY_KINDS.map(({ kind }) => kind).toSorted()).toEqual(Object.keys(ALL).toSorted());
  });

  it.each(DEPENDENCY_KINDS.map((definition) => [definition.kind, definition] as const))(
    'read metrics that the library has: %s',
    (_, { calls, failures, duration }) => {
      const read = [...calls, ...failures.map(([metric]) => metric), duration];
      expect(read.length).toBeGreaterThan(2);
      for (const metric of read) expect(LIBRARY_METRIC_NAMES).toContain(metric);
    },
  );

  it('count a response of a remote host as a failure if its status is that of one', () => {
    const remote = DEPENDENCY_KINDS.find(({ kind }) => kind === 'remote')!;
    const [[, labels = {}] = ['']] = remote.failures;
    const fails = labelTest(matchersOf(labels));
    const statuses = ['500', '503', '599', '200', '404', '5', '50', '5000', '1500', '', '5xx'];
    expect(statuses.filter((status_code) => fails({ status_code }))).toEqual(['500', '503', '599']);
    expect(fails({})).toBe(false);
  });
});
