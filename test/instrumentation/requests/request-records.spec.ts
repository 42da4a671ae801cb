import { describe, expect, it } from '@jest/globals';
import { RequestRecords, type RequestRecord } from 'nestjs-monitoring/diagnostics';
import { RecordStore } from '../../../lib/instrumentation/requests/record-store.js';

const NAME = 'GET /reports/revenue';
const THROWN = 'ServiceUnavailableException, at Rates.inEuros (src/rates.ts:15:11).';
const FAILED_CALL = {
  kind: 'failed_call',
  text: `GET 503 of rates.example.com failed after 20 ms, at Rates.inEuros (src/rates.ts:14:28); then ${THROWN}`,
} as const;
const EXCEPTION = { kind: 'exception', text: THROWN } as const;

/** The causes of failures, each with the number of its records. */
function causesOf(...failures: readonly Pick<RequestRecord, 'cause' | 'isSampled'>[]) {
  return operationCausesOf(failures).map(({ cause, count, recordId }) => [cause.text, count, recordId]);
}

/** The causes of failures, each of which took a millisecond more than the one before. */
function operationCausesOf(failures: readonly Pick<RequestRecord, 'cause' | 'isSampled'>[]) {
  const store = new RecordStore({ slowestPerRoute: 5, failures: 100, maxBytes: 10_000_000 });
  failures.forEach((own, i) => {
    const candidate = { name: NAME, durationMs: 10 + i, hasFailed: true };
    const record = { ...candidate, ...own, id: String(i), startedAt: 1_000 + i, calls: [] };
    store.offer(candidate, 2_000 + i, () => record as unknown as RequestRecord);
  });
  const records = new RequestRecords(undefined, store, { now: () => 3_000 } as never);
  return records.causes();
}

describe('the causes of failures', () => {
  it('are one for a failed call, of whose later failures only the exception is known', () => {
    expect(
      causesOf(
        { cause: FAILED_CALL, isSampled: true },
        { cause: { ...FAILED_CALL, text: FAILED_CALL.text.replace('20 ms', '3.5 ms') }, isSampled: true },
        { cause: EXCEPTION, isSampled: false },
        { cause: EXCEPTION, isSampled: false },
      ),
    ).toEqual([[FAILED_CALL.text.replace('20 ms', '3.5 ms'), 4, '1']]);
  });

  it('have the longest duration of all, and name the record of which all is known', () => {
    const [cause] = operationCausesOf([
      { cause: FAILED_CALL, isSampled: true },
      { cause: EXCEPTION, isSampled: false },
    ]);
    expect(cause).toMatchObject({ count: 2, recordId: '0', maxDurationMs: 11 });
  });

  it('are the exception where it may follow either of two failed calls', () => {
    const other = { ...FAILED_CALL, text: FAILED_CALL.text.replace('rates', 'banks') };
    expect(
      causesOf(
        { cause: FAILED_CALL, isSampled: true },
        { cause: other, isSampled: true },
        { cause: EXCEPTION, isSampled: false },
        { cause: EXCEPTION, isSampled: false },
      ),
    ).toEqual([
      [THROWN, 2, '3'],
      [other.text, 1, '1'],
      [FAILED_CALL.text, 1, '0'],
    ]);
  });

  it('are two if the exception is also thrown without a failed call', () => {
    expect(
      causesOf(
        { cause: FAILED_CALL, isSampled: true },
        { cause: EXCEPTION, isSampled: true },
        { cause: EXCEPTION, isSampled: false },
      ),
    ).toEqual([
      [THROWN, 2, '2'],
      [FAILED_CALL.text, 1, '0'],
    ]);
  });

  it('are the exceptions where nothing else is known of any', () => {
    expect(causesOf({ cause: EXCEPTION, isSampled: false }, { cause: EXCEPTION, isSampled: false })).toEqual([
      [THROWN, 2, '1'],
    ]);
  });
});
