import { describe, expect, it } from '@jest/globals';
import type { RecordedCall, RequestRecord } from 'nestjs-monitoring/diagnostics';
import { causeOf } from '../../../lib/instrumentation/requests/record-cause.js';

describe('the cause of a record', () => {
  it('gives calls that overlap no more than the time of their part', () => {
    const { kind, text } = causeOf(
      record({
        durationMs: 100,
        parts: { database: 90, application: 10 },
        calls: [call({ count: 5, totalMs: 450 })],
      }),
    );

    expect(kind).toBe('slow_call');
    expect(text).toBe('postgresql: SELECT ? took 5 times, 90 % of 100 ms.');
  });

  it('gives an N+1 whose calls overlap no more than the time of its part', () => {
    const calls = [call({ count: 15, totalMs: 1_500, isRepeated: true })];
    const { text } = causeOf(record({ durationMs: 200, parts: { database: 110, application: 90 }, calls }));

    expect(text).toBe('postgresql: SELECT ? was sent 15 times, 55 % of 200 ms: an N+1.');
  });

  it('is no call for which the request hardly waited', () => {
    const calls = [call({ count: 1, totalMs: 80 })];
    const { kind } = causeOf(record({ durationMs: 100, parts: { database: 5, application: 95 }, calls }));

    expect(kind).toBe('application');
  });

  it('names the operation that blocked the event loop, with its own share of the time, as far as it is known', () => {
    const waiting = { durationMs: 420, parts: { event_loop: 380, database: 40 } };
    const blockedBy = { name: 'job nightly-report', milliseconds: 300, cpuMs: 280 };

    expect(causeOf(record({ ...waiting, blockedBy }))).toEqual({
      kind: 'waiting_for_event_loop',
      text: 'The event loop was blocked for 90 % of 420 ms, 300 ms of it by job nightly-report.',
    });
    expect(causeOf(record(waiting)).text).toBe(
      'The event loop was blocked by something else for 90 % of 420 ms.',
    );
  });

  it('is the own code of the operation, by its handler or its name', () => {
    const busy = { durationMs: 420, longestRunMs: 400, longestRunCpuMs: 390, parts: { application: 420 } };

    expect(causeOf(record({ ...busy, handler: 'ReportsController.pdf' })).text).toBe(
      'ReportsController.pdf ran for 400 ms without awaiting anything, which blocked the event loop.',
    );
    expect(causeOf(record({ ...busy, kind: 'job', name: 'nightly-report' })).text).toBe(
      'nightly-report ran for 400 ms without awaiting anything, which blocked the event loop.',
    );
  });

  it('says that no code ran while the process used no CPU', () => {
    const stopped = {
      durationMs: 3_300,
      longestRunMs: 3_195,
      longestRunCpuMs: 4,
      handler: 'ReportsController.pdf',
    };

    expect(causeOf(record({ ...stopped, parts: { application: 3_300 } }))).toEqual({
      kind: 'blocked_event_loop',
      text: 'The event loop was blocked for 3195 ms during ReportsController.pdf, in which the process used 4.0 ms of CPU: it was stopped, had no processor or waited in synchronous code.',
    });
    const blockedBy = { name: 'job nightly-report', milliseconds: 300, cpuMs: 100 };
    expect(causeOf(record({ durationMs: 420, parts: { event_loop: 380 }, blockedBy })).text).toBe(
      'The event loop was blocked for 90 % of 420 ms, 300 ms of it during job nightly-report, in which the process used 100 ms of CPU: it was stopped, had no processor or waited in synchronous code.',
    );
  });

  it('is what it waited for, though no call that has ended explains it', () => {
    const waiting = { durationMs: 300, parts: { remote: 290, application: 10 } };
    const text =
      'It waited for another service for 97 % of 300 ms, in calls of which each is short or had not ended.';

    expect(causeOf(record(waiting))).toEqual({ kind: 'other_calls', text });
    const calls = [call({ part: 'remote', system: 'rates', name: 'GET 200', totalMs: 1 })];
    expect(causeOf(record({ ...waiting, calls })).text).toBe(text);
    const short = Array.from({ length: 20 }, () => call({ totalMs: 14 }));
    expect(
      causeOf(record({ durationMs: 300, parts: { database: 280, application: 20 }, calls: short })).text,
    ).toBe('It waited for a database for 93 % of 300 ms, in calls of which each is short or had not ended.');
  });

  it('is the application itself if that took longer than the short calls', () => {
    const { kind } = causeOf(record({ durationMs: 300, parts: { database: 100, application: 200 } }));

    expect(kind).toBe('application');
  });

  it('is a number for an operation that took no time, as with a clock that stands still', () => {
    const repeated = [call({ count: 12, totalMs: 0, isRepeated: true })];

    expect(causeOf(record({ durationMs: 0 })).text).toBe('The application itself took 0 % of 0.0 ms.');
    expect(causeOf(record({ durationMs: 0, calls: repeated })).text).toBe(
      'postgresql: SELECT ? was sent 12 times, 0 % of 0.0 ms: an N+1.',
    );
  });
});

function call(given: Partial<RecordedCall>): RecordedCall {
  return {
    part: 'database',
    system: 'postgresql',
    name: 'SELECT ?',
    count: 1,
    totalMs: 0,
    maxMs: 0,
    startMs: 0,
    endMs: 0,
    errors: 0,
    isRepeated: false,
    site: undefined,
    ...given,
  };
}

function record(given: Partial<RequestRecord>): Omit<RequestRecord, 'cause'> {
  return {
    id: '1',
    kind: 'http',
    name: 'GET /',
    method: 'GET',
    route: '/',
    status: 200,
    handler: undefined,
    startedAt: 0,
    durationMs: 0,
    hasFailed: false,
    isSampled: true,
    parts: {},
    phases: {},
    calls: [],
    omittedCalls: 0,
    longestRunMs: 0,
    longestRunCpuMs: 0,
    blockedBy: undefined,
    exception: undefined,
    traceId: undefined,
    ...given,
  };
}
