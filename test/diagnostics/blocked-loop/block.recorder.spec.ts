import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { MetricsRegistry } from 'nestjs-monitoring';
import { BlockRecorder } from '../../../lib/diagnostics/blocked-loop/block.recorder.js';
import type { StackSample } from '../../../lib/diagnostics/blocked-loop/loop-sampler.js';
import type { SampledBlock } from '../../../lib/diagnostics/blocked-loop/loop-watch.js';
import { EventLoopUse } from '../../../lib/instrumentation/requests/event-loop-use.js';
import { CallSites } from '../../../lib/instrumentation/requests/call-sites.js';

const FILE = import.meta.filename;
const CLOCK = { now: () => 10_000, monotonic: () => 0 };

function recorder(registry = new MetricsRegistry()): BlockRecorder {
  return new BlockRecorder(registry, CLOCK, new CallSites());
}

/** A stack trace that was taken at once, or after so many milliseconds without an answer. */
function sample(ms: number, frames: readonly string[], silentMs = 0): StackSample {
  return { ms, isLate: silentMs > 0, silentMs, stack: frames.map((frame) => `    at ${frame}`).join('\n') };
}

function block(samples: readonly StackSample[], further: Partial<SampledBlock> = {}): SampledBlock {
  return { startedAt: 0, durationMs: 400, gcMs: 0, starvedMs: 0, idleMs: 0, samples, ...further };
}

const own = (name: string, line = 1): string => `${name} (${FILE}:${line}:5)`;

describe('a block of the event loop', () => {
  afterEach(() => {
    jest.restoreAllMocks();
  });

  it.each<[string, SampledBlock, string, string | undefined]>([
    [
      'the innermost function of the application',
      block([sample(400, [own('Reports.sum'), own('Reports.all')])]),
      'Reports.sum',
      undefined,
    ],
    [
      'the function that most stack traces have',
      block([sample(90, [own('A.a', 1)]), sample(200, [own('B.b')]), sample(115, [own('A.a', 2)])]),
      'A.a',
      undefined,
    ],
    [
      'the function that a callback without a name is written in',
      block([sample(400, [`${FILE}:1:5`, 'Array.map (<anonymous>)', own('Reports.sum')])]),
      'Reports.sum',
      undefined,
    ],
    [
      'the file and line of a callback without any',
      block([sample(400, [`${FILE}:7:5`, 'node:internal/timers:1:1'])]),
      'anonymous (test/diagnostics/blocked-loop/block.recorder.spec.ts:7)',
      undefined,
    ],
    [
      'the caller of an operation',
      block([sample(400, ['JSON.stringify (<anonymous>)', own('Reports.sum')])]),
      'Reports.sum',
      'JSON.stringify',
    ],
    [
      'the caller of a module of Node',
      block([sample(400, ['Object.readFileSync (node:fs:440:20)', own('Reports.sum')])]),
      'Reports.sum',
      'readFileSync',
    ],
    [
      'a function of a package',
      block([sample(400, ['baseClone (/srv/node_modules/lodash/lodash.js:2:1)'])]),
      'lodash: baseClone',
      undefined,
    ],
    [
      'a function of a package with a scope',
      block([sample(400, ['parse (/srv/node_modules/@scope/csv/a.js:2:1)'])]),
      '@scope/csv: parse',
      undefined,
    ],
    [
      'what came after native code',
      block([sample(400, [own('Reports.sum')], 400)]),
      'Reports.sum',
      undefined,
    ],
    [
      'native code of an unknown caller',
      block([sample(400, ['emit (/srv/node_modules/rxjs/a.js:2:1)'], 400)]),
      '(native code)',
      undefined,
    ],
    [
      'code of Node alone',
      block([sample(400, ['listOnTimeout (node:internal/timers:5:1)'])]),
      '(native code)',
      undefined,
    ],
    [
      'who made the garbage',
      block([sample(300, [own('Reports.sum')])], { gcMs: 250 }),
      'Reports.sum',
      'garbage collection',
    ],
    [
      'a collection of garbage that a package or Node caused',
      block([sample(300, ['listOnTimeout (node:internal/timers:5:1)'])], { gcMs: 250 }),
      '(garbage collection)',
      undefined,
    ],
    ['a collection of garbage', block([], { gcMs: 250 }), '(garbage collection)', undefined],
    [
      'a process that did not run',
      block([sample(300, [own('Reports.sum')])], { starvedMs: 250 }),
      '(not scheduled)',
      undefined,
    ],
    ['nothing if nothing is known', block([]), '(unknown)', undefined],
    [
      'nothing for what is no stack trace',
      block([{ ms: 1, isLate: false, silentMs: 0, stack: '' }]),
      '(native code)',
      undefined,
    ],
  ])('names %s', (_, sampled, culprit, operation) => {
    const recorded = recorder();
    recorded.record(sampled);
    expect(recorded.blocks()).toEqual([
      expect.objectContaining({
        culprit,
        durationMs: 400,
        ...(operation && { operation }),
      }),
    ]);
    expect(recorded.blocks()[0]?.operation).toBe(operation);
  });

  it.each<[string, SampledBlock]>([
    ['by Reports.sum (FILE)', block([sample(400, [own('Reports.sum')])])],
    ['by an anonymous function (FILE)', block([sample(400, [`${FILE}:7:5`, 'node:internal/timers:1:1'])])],
    [
      'by an anonymous function within Reports.sum (FILE)',
      block([sample(400, [`${FILE}:1:5`, 'Array.map (<anonymous>)', own('Reports.sum')])]),
    ],
    [
      'by an anonymous function within Reports.sum (FILE), in JSON.parse',
      block([sample(400, ['JSON.parse (<anonymous>)', own('Object.<anonymous>'), own('Reports.sum')])]),
    ],
    [
      'by native code in Reports.sum (FILE), or just before it',
      block([sample(400, [own('Reports.sum')], 400)]),
    ],
    ['by native code', block([sample(400, ['listOnTimeout (node:internal/timers:5:1)'])])],
    ['by garbage collection', block([], { gcMs: 250 })],
    ['by lodash: baseClone', block([sample(400, ['baseClone (/srv/node_modules/lodash/lodash.js:2:1)'])])],
  ])('has a sentence: %s', (sentence, sampled) => {
    const recorded = recorder();
    recorded.record(sampled);
    const { cause = '' } = recorded.blocks()[0] ?? {};
    expect(cause.replace(/\(test\/[^)]+:\d+:\d+\)/, '(FILE)')).toBe(
      `The event loop was blocked for 400 ms ${sentence}.`,
    );
  });

  it('has a sentence if nothing is known of it', () => {
    const recorded = recorder();
    recorded.record(block([]));
    expect(recorded.blocks()[0]?.cause).toBe(
      'The event loop was blocked for 400 ms. Its cause is not known: no stack trace was taken meanwhile.',
    );
  });

  it.each<[string, SampledBlock, string]>([
    ['native code that it called', block([sample(400, ['emit (node:events:1:1)'], 400)]), 'job nightly'],
    ['a block without a stack trace', block([]), 'job nightly'],
    ['nothing else', block([sample(400, [own('Reports.sum')])]), 'Reports.sum'],
    ['nothing that was at another time', block([], { startedAt: 900 }), '(unknown)'],
    ['nothing in which the process hardly ran', block([], { idleMs: 390 }), '(unknown)'],
  ])('names the job that is known to have run for %s', (_, sampled, culprit) => {
    const clock = { now: () => 0, monotonic: () => 0 };
    const eventLoop = new EventLoopUse(clock, new Set());
    eventLoop.recordUnsampled({ kind: 'job', name: 'nightly' }, 100, 390);
    const recorded = new BlockRecorder(new MetricsRegistry(), CLOCK, new CallSites(), eventLoop);
    recorded.record(sampled);
    expect(recorded.blocks()[0]?.culprit).toBe(culprit);
  });

  it('is said in a sentence', () => {
    const recorded = recorder();
    for (const [frames, silentMs] of [
      [[own('Reports.sum', 7)], 0],
      [['JSON.stringify (<anonymous>)', own('Reports.sum', 7)], 0],
      [[own('Reports.sum', 7)], 300],
    ] as const) {
      recorded.record(block([sample(400, frames, silentMs)]));
    }
    const place = 'Reports.sum (test/diagnostics/blocked-loop/block.recorder.spec.ts:7:5)';
    expect(recorded.blocks().map(({ cause }) => cause)).toEqual([
      `The event loop was blocked for 400 ms by native code in ${place}, or just before it.`,
      `The event loop was blocked for 400 ms by ${place}, in JSON.stringify.`,
      `The event loop was blocked for 400 ms by ${place}.`,
    ]);
  });

  it.each<[string, readonly StackSample[], Partial<SampledBlock>]>([
    ['the process had no processor meanwhile', [sample(400, [own('Reports.sum')], 60)], { idleMs: 50 }],
    [
      'its other stack traces came at once',
      [sample(290, [own('Reports.sum')], 60), sample(110, [own('Reports.sum', 2)])],
      {},
    ],
  ])('is not said to be native code after a late stack trace if %s', (_, samples, further) => {
    const recorded = recorder();
    recorded.record(block(samples, further));
    const [{ cause } = { cause: '' }] = recorded.blocks();
    expect(cause).toMatch(/ blocked for 400 ms by Reports\.sum \(/);
  });

  it('is said to be native code if the process ran without an answer, although it had no processor for long', () => {
    const recorded = recorder();
    for (const further of [
      { idleMs: 200, starvedMs: 150 },
      // It waited, such as for a lock or a disk.
      { idleMs: 400, starvedMs: 0 },
    ]) {
      recorded.record(block([sample(400, [own('Reports.sum')], 300)], further));
      expect(recorded.blocks()[0]?.cause).toContain('by native code in Reports.sum');
    }
  });

  it('has the time at which it began, however late it is recorded', () => {
    const ofItsOwn = { now: () => 10_000, monotonic: () => 1_000_000 };
    const recorded = new BlockRecorder(new MetricsRegistry(), ofItsOwn, new CallSites());
    jest.spyOn(performance, 'now').mockReturnValue(3_000);
    for (const startedAt of [500, 1_200]) recorded.record(block([], { startedAt }));
    expect(recorded.blocks().map(({ startedAt }) => startedAt)).toEqual([8_200, 7_500]);
  });

  it('is counted by its culprit, of which there are at most a hundred', () => {
    const registry = new MetricsRegistry();
    const recorded = recorder(registry);
    for (let i = 0; i < 150; i++) recorded.record(block([sample(400, [own(`Reports.sum${i}`)])]));
    recorded.record(block([sample(400, [own(`Reports.${'long'.repeat(1_000)}`)])]));
    const counted = registry.snapshot().families.find(({ name }) => name === 'nodejs_eventloop_blocks_total');
    expect([...(counted?.series ?? [])]).toHaveLength(101);
  });

  it('is one of the last fifty, each with the five longest stack traces', () => {
    const recorded = recorder();
    const samples = Array.from({ length: 30 }, (_, i) =>
      sample(
        i,
        Array.from({ length: 60 }, () => own(`f${i}`)),
      ),
    );
    for (let i = 0; i < 80; i++) recorded.record(block(samples, { durationMs: i }));
    const blocks = recorded.blocks();
    expect(blocks.map(({ durationMs }) => durationMs)).toEqual(Array.from({ length: 50 }, (_, i) => 79 - i));
    expect(blocks[0]?.stacks.map(({ ms }) => ms)).toEqual([29, 28, 27, 26, 25]);
    expect(blocks[0]?.stacks[0]?.frames).toHaveLength(30);
    expect(blocks[0]?.stacks[0]?.frames[0]).toBe(
      'f29 (test/diagnostics/blocked-loop/block.recorder.spec.ts:1:5)',
    );
  });
});
