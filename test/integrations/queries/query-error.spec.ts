import { describe, expect, it } from '@jest/globals';
import { queryErrorClass, queryErrorCode } from '../../../lib/integrations/queries/query-error.js';
import { QueryRecorder } from '../../../lib/integrations/queries/query.recorder.js';
import { RedisRecorder } from '../../../lib/integrations/redis/redis.recorder.js';
import type { Convention } from '../../../lib/metrics/conventions/conventions.js';
import { family, histograms, testRegistry } from '../../metrics/support.js';

describe('the error of a statement', () => {
  it.each<[unknown, string, string]>([
    [{ code: '23505' }, '23505', 'integrity_constraint'],
    [{ code: 'ER_DUP_ENTRY', sqlState: '23000' }, '23000', 'integrity_constraint'],
    [{ code: 'XX000' }, 'XX000', 'internal'],
    [{ code: 11_000 }, '11000', 'integrity_constraint'],
    [{ code: 'ECONNREFUSED' }, 'ECONNREFUSED', 'connection'],
    // Five capitals, and no SQLSTATE.
    [{ code: 'EPIPE' }, 'EPIPE', 'connection'],
    [{ code: 'ABCDE' }, 'other', 'other'],
    [{ message: 'UNIQUE constraint failed: deal.title' }, 'integrity_constraint', 'integrity_constraint'],
    [{ code: `ECONN${'X'.repeat(500)}` }, 'connection', 'connection'],
    [{ code: -1e300 }, 'other', 'other'],
    ['secret', 'other', 'other'],
    [null, 'other', 'other'],
  ])('%j has a code and a class', (error, code, errorClass) => {
    expect(queryErrorCode(error)).toBe(code);
    expect(queryErrorClass(error)).toBe(errorClass);
  });
});

describe.each<[Convention | undefined]>([[undefined], ['prometheus'], ['otel'], ['both']])(
  'the durations of statements and commands with details for the convention %s',
  (convention) => {
    const hasDetails = convention !== undefined;

    it('have the error of a statement only if it is needed', () => {
      const { registry, clock } = testRegistry();
      const options = { slowQueryThresholdMs: 500, maxTables: 50, convention };
      const statements = new QueryRecorder(registry, clock, options).forSystem('postgresql');
      const sql = 'INSERT INTO deals VALUES (1)';
      statements.end(sql, statements.begin(sql));
      for (let i = 0; i < 2; i++) {
        statements.end(sql, statements.begin(sql), Object.assign(new Error('no'), { code: '23505' }));
      }
      const labels = { system: 'postgresql', operation: 'insert', table: 'deals' };
      expect(
        histograms(registry, 'db_client_operation_duration_seconds').map((series) => [
          series.labels,
          series.count,
        ]),
      ).toEqual(
        hasDetails
          ? [
              [{ ...labels, error: '' }, 1],
              [{ ...labels, error: '23505' }, 2],
            ]
          : [[labels, 3]],
      );
    });

    it('have a bounded number of codes', () => {
      const { registry, clock } = testRegistry();
      const options = { slowQueryThresholdMs: 500, maxTables: 50, convention };
      const statements = new QueryRecorder(registry, clock, options).forSystem('postgresql');
      for (let i = 0; i < 500; i++) {
        statements.end('SELECT 1', statements.begin('SELECT 1'), { code: String(10_000 + i) });
      }
      const series = histograms(registry, 'db_client_operation_duration_seconds');
      expect(series.length).toBeLessThanOrEqual(102);
      expect(series.reduce((sum, { count }) => sum + count, 0)).toBe(500);
    });

    it('have the failure of a command only if it is needed', () => {
      const { registry, clock } = testRegistry();
      const recorder = new RedisRecorder(registry, clock, undefined, convention);
      recorder.record('main', 'GET', clock.monotonic(), false);
      recorder.record('main', 'GET', clock.monotonic(), true);
      const errors = histograms(registry, 'redis_client_command_duration_seconds').map(
        ({ labels }) => labels['error'],
      );
      expect(errors).toEqual(hasDetails ? ['', '_OTHER'] : [undefined]);
    });

    it('have buckets that every reader of theirs needs', () => {
      const { registry, clock } = testRegistry();
      const options = { slowQueryThresholdMs: 500, maxTables: 50, convention };
      const recorders = [
        new QueryRecorder(registry, clock, options),
        new RedisRecorder(registry, clock, undefined, convention),
      ];
      expect(recorders).toHaveLength(2);
      const boundsOf = (name: string) => {
        const found = family(registry, name);
        return found.type === 'histogram' ? found.upperBounds : [];
      };
      const sql = boundsOf('db_client_operation_duration_seconds');
      const redis = boundsOf('redis_client_command_duration_seconds');
      const advised = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10];
      if (convention === 'otel') expect([sql, redis]).toEqual([advised, advised]);
      if (convention === 'both') {
        expect(sql).toEqual(expect.arrayContaining([...advised, 0.0005, 2.5]));
        expect(redis).toEqual(expect.arrayContaining([...advised, 0.0001]));
      }
    });
  },
);
