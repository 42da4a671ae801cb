import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { Operation } from '../../../lib/instrumentation/requests/operation.js';
import { Operations } from '../../../lib/instrumentation/requests/operations.js';
import { Guard } from '../../../lib/primitives/guard.js';

describe('the operations that run', () => {
  let now = 0;
  let operations: Operations;
  const clock = { now: () => 1_700_000_000_000 + now, monotonic: () => now };

  beforeEach(() => {
    jest.useFakeTimers({ doNotFake: ['nextTick', 'queueMicrotask'] });
    now = 0;
    operations = new Operations(
      clock,
      { sampleRate: 1, repeatedCalls: 10 },
      new Guard((error) => {
        throw error;
      }),
    );
  });
  afterEach(() => {
    operations.stop();
    jest.useRealTimers();
  });

  /** Lets the event loop turn for a time. */
  function turn(milliseconds: number): void {
    for (let passed = 0; passed < milliseconds; passed += 5) {
      now += 5;
      jest.advanceTimersByTime(5);
    }
  }

  it('name the handler that blocks the event loop, for which the others wait', () => {
    const busy = operations.start('http', 0)!;
    const waiting = operations.start('http', 0)!;
    const idle = operations.start('http', 0)!;
    busy.handler = 'ReportsController.pdf';
    const wait = operations.run(waiting, () => operations.begin('database'))!;
    turn(10);
    operations.step(busy, 'handler', true);
    now += 400;
    operations.step(busy, 'response', false);
    wait.end(undefined, false);
    // The beats that were due meanwhile.
    jest.advanceTimersByTime(400);
    turn(10);
    for (const each of [busy, waiting, idle]) operations.end(each, now);
    expect(busy.longestRunMs).toBe(400);
    expect(busy.parts.toObject()).toEqual({ application: 420 });
    expect(busy.phases).toEqual({ middleware: 10, handler: 400, response: 10 });
    expect(waiting.parts.toObject()).toEqual({ database: 10, event_loop: 400, application: 10 });
    expect(idle.parts.toObject()).toEqual({ event_loop: 400, application: 20 });
    expect([waiting.longestRunMs, idle.longestRunMs]).toEqual([0, 0]);
    const blockedBy = { name: 'ReportsController.pdf', milliseconds: 400, cpuMs: 400 };
    expect([busy, waiting, idle].map((each) => each.blockedBy)).toEqual([undefined, blockedBy, blockedBy]);
  });

  it('have an N+1 once as many equal calls have ended as the limit says, like the number in the record', () => {
    const select = { part: 'database', system: 'postgresql', name: 'SELECT ?' } as const;
    const operation = operations.start('http', 0)!;
    const waits = operations.run(operation, () =>
      Array.from({ length: 10 }, () => operations.begin('database', select)!),
    );
    for (const wait of waits.slice(1)) wait.end(select, false);
    expect(operation.calls.get(select)!.count).toBe(9);
    expect(operation.repeats(10)).toBe(false);
    waits[0]!.end(select, false);
    expect(operation.repeats(10)).toBe(true);
  });

  it('know from when until when equal calls ran, also of those whose body came later', () => {
    const select = { part: 'database', system: 'postgresql', name: 'SELECT ?' } as const;
    const asked = { part: 'remote', system: 'rates', name: 'GET' } as const;
    const found = { part: 'remote', system: 'rates', name: 'GET 200' } as const;
    now = 1_000;
    const operation = operations.start('http', now)!;
    const begin = (part: 'database' | 'remote', call: typeof select | typeof asked) =>
      operations.run(operation, () => operations.begin(part, call))!;
    now = 1_010;
    const first = begin('database', select);
    const second = begin('database', select);
    const remote = begin('remote', asked);
    now = 1_030;
    second.end(select, false);
    remote.count(found, false);
    now = 1_040;
    operations.run(operation, () => operations.add(select, 5));
    now = 1_060;
    first.end(select, false);
    now = 1_090;
    remote.end(found, false);
    const spanOf = (call: typeof select | typeof found) => {
      const { firstAt, lastAt, count } = operation.calls.get(call)!;
      return [firstAt, lastAt, count];
    };
    expect(spanOf(select)).toEqual([1_010, 1_060, 3]);
    expect(spanOf(found)).toEqual([1_010, 1_090, 1]);
  });

  it('have no N+1 of requests to one host that had different statuses, as in the record', () => {
    const [asked, found, missing] = (['GET', 'GET 200', 'GET 404'] as const).map(
      (name) => ({ part: 'remote', system: 'rates.example.com', name }) as const,
    );
    const operation = operations.start('http', 0)!;
    operations.run(operation, () => {
      for (let i = 0; i < 10; i++) operations.begin('remote', asked)!.end(i < 9 ? found : missing, false);
    });
    expect(operation.repeats(10)).toBe(false);
    expect(operation.repeats(9)).toBe(true);
  });

  it.each([1, 0])('name the job that blocks the event loop longest, at a sample rate of %d', (sampleRate) => {
    const waiting = operations.start('http', 0)!;
    operations.run(waiting, () => operations.begin('database'));
    const work = (milliseconds: number) => () => {
      now += milliseconds;
      return 'result';
    };
    for (const [name, milliseconds] of [
      ['short', 30],
      ['long', 200],
      ['hardly', 5],
    ] as const) {
      const identity = { kind: 'job', name } as const;
      const job = sampleRate === 1 ? operations.start('job', now, identity)! : undefined;
      const call = work(milliseconds);
      const result =
        job === undefined ? operations.runUnsampled(identity, call) : operations.runOwnCode(job, call);
      expect(result).toBe('result');
      if (job !== undefined) {
        operations.end(job, now);
        expect(job.longestRunMs).toBe(milliseconds);
      }
    }
    operations.end(waiting, now);
    // The beat of the event loop has been late since the first job.
    expect(waiting.parts.toObject()).toEqual({ event_loop: 235 });
    expect(waiting.blockedBy).toEqual({ name: 'job long', milliseconds: 200, cpuMs: 200 });
  });

  it('let the error of a job through, which ends its run', () => {
    const failing = (): never => {
      now += 50;
      throw new Error('broken');
    };
    const waiting = operations.start('http', 0)!;
    const identity = { kind: 'job', name: 'broken' } as const;
    const job = operations.start('job', 0, identity)!;
    expect(() => operations.runOwnCode(job, failing)).toThrow('broken');
    expect(() => operations.runUnsampled(identity, failing)).toThrow('broken');
    expect(job.parts.isInOwnCode).toBe(false);
    expect(job.longestRunMs).toBe(50);
    expect(waiting.parts.of('event_loop')).toBe(100);
  });

  it('find the code after an answer of the database that blocks the event loop', () => {
    const busy = operations.start('http', 0)!;
    const waiting = operations.start('http', 0)!;
    const [own, other] = [busy, waiting].map((each) =>
      operations.run(each, () => operations.begin('database')),
    );
    turn(40);
    own!.end(undefined, false);
    now += 300;
    operations.run(busy, () => operations.begin('remote'));
    other!.end(undefined, false);
    for (const each of [busy, waiting]) operations.end(each, now);
    expect(busy.longestRunMs).toBe(300);
    expect(busy.parts.toObject()).toEqual({ database: 40, application: 300 });
    expect(waiting.parts.toObject()).toEqual({ database: 40, event_loop: 300 });
  });

  it.each([
    ['own code', (busy: Operation) => operations.step(busy, 'handler', true)],
    ['a wait that is not measured', (busy: Operation) => operations.step(busy, 'handler', false)],
  ])('know how much CPU the process used while it was stopped during %s', (_, begin) => {
    let cpuMs = 10_000;
    operations.stop();
    operations = new Operations(
      clock,
      { sampleRate: 1, repeatedCalls: 10 },
      new Guard(() => undefined),
      () => cpuMs,
    );
    const busy = operations.start('http', 0)!;
    const waiting = operations.start('http', 0)!;
    operations.run(waiting, () => operations.begin('database'));
    busy.handler = 'ReportsController.pdf';
    turn(10);
    begin(busy);
    now += 3_195;
    cpuMs += 4;
    operations.step(busy, 'response', false);
    for (const each of [busy, waiting]) operations.end(each, now);
    expect(busy.longestRunCpuMs).toBe(4);
    expect(waiting.blockedBy).toMatchObject({ name: 'ReportsController.pdf', cpuMs: 4 });
  });

  it('name nobody if code of which nothing is recorded blocks the event loop', () => {
    const waiting = operations.start('http', 0)!;
    const wait = operations.run(waiting, () => operations.begin('database'))!;
    const answered = operations.start('http', 0)!;
    operations.step(answered, 'response', true);
    operations.step(answered, undefined, false);
    turn(40);
    now += 300;
    wait.end(undefined, false);
    for (const each of [waiting, answered]) operations.end(each, now);
    expect([waiting.longestRunMs, answered.longestRunMs]).toEqual([0, 0]);
    expect(waiting.parts.of('event_loop')).toBeGreaterThan(279);
    expect(answered.parts.of('event_loop')).toBeGreaterThan(279);
    expect([waiting.blockedBy, answered.blockedBy]).toEqual([undefined, undefined]);
  });

  it('do not call time a run in which the event loop turned', () => {
    const operation = operations.start('http', 0)!;
    operations.step(operation, 'handler', true);
    operations.step(operation, undefined, false);
    turn(500);
    operations.run(operation, () => operations.begin('database'))!.end(undefined, false);
    operations.end(operation, now);
    expect(operation.longestRunMs).toBe(0);
  });

  it('are recorded only if they are sampled', () => {
    const never = new Operations(clock, { sampleRate: 0, repeatedCalls: 10 }, new Guard(() => undefined));
    expect(never.start('http', 0)).toBeUndefined();
    expect(operations.start('http', 0)).toBeDefined();
    never.stop();
  });

  it('do not wake the process while none of them comes to a next step, as a stream that stays open', () => {
    jest.useFakeTimers({ doNotFake: ['performance'] });
    try {
      const quiet = new Operations(clock, { sampleRate: 1, repeatedCalls: 10 }, new Guard(() => undefined));
      const stream = quiet.start('http', now)!;
      const beats = (): number => jest.getTimerCount();
      expect(beats()).toBe(1);
      for (let i = 0; i < 600; i++) {
        now += 20;
        jest.advanceTimersByTime(20);
      }
      expect(beats()).toBe(0);
      quiet.step(stream, undefined, false);
      expect(beats()).toBe(1);
      quiet.stop();
      expect(beats()).toBe(0);
    } finally {
      jest.useRealTimers();
    }
  });

  it('leave the async context of a caller as it was', () => {
    const [outer, inner] = [operations.start('http', 0)!, operations.start('http', 0)!];
    operations.run(outer, () => {
      operations.scopeOf(inner)!.run(() => expect(operations.current).toBe(inner));
      expect(operations.current).toBe(outer);
      expect(operations.scopeOf(outer)).toBeUndefined();
      operations.scopeOf(undefined)!.run(() => expect(operations.current).toBeUndefined());
      expect(operations.current).toBe(outer);
    });
    expect(operations.current).toBeUndefined();
    expect(operations.scopeOf(undefined)).toBeUndefined();
  });

  it('are none once they have ended, and keep nothing for the async contexts that outlive them', () => {
    const operation = operations.start('http', 0)!;
    const keepAlive = operations.run(operation, () => operations.begin('database'))!;
    operations.discard(operation);
    operations.run(operation, () => expect(operations.current).toBeUndefined());
    keepAlive.end({ part: 'database', system: 'postgresql', name: 'SELECT ?' }, false);
    operations.step(operation, 'handler', true);
    expect(operation.calls.size).toBe(0);
    expect(operation.phases).toEqual({});
  });
});
