import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { BlockRecorder } from '../../../lib/diagnostics/blocked-loop/block.recorder.js';
import { BlockedLoopLifecycle } from '../../../lib/diagnostics/blocked-loop/blocked-loop.lifecycle.js';
import type { LoopWatch, LoopWatchSubscriber } from '../../../lib/diagnostics/blocked-loop/loop-watch.js';
import { EventLoopUse } from '../../../lib/instrumentation/requests/event-loop-use.js';
import { Guard } from '../../../lib/primitives/guard.js';

const BLOCK = { startedAt: 0, durationMs: 200, samples: [], gcMs: 0, starvedMs: 0, idleMs: 0 };

const ended = jest.fn();
const watch = jest.fn<(subscriber: LoopWatchSubscriber) => () => void>();
const record = jest.fn();
const reported = jest.fn();

function lifecycle(eventLoop?: EventLoopUse): BlockedLoopLifecycle {
  const loop = { watch, wake: jest.fn() } as unknown as LoopWatch;
  return new BlockedLoopLifecycle(
    { record } as unknown as BlockRecorder,
    120,
    new Guard(reported),
    eventLoop,
    loop,
  );
}

beforeEach(() => {
  jest.useFakeTimers();
  jest.resetAllMocks();
  watch.mockReturnValue(ended);
});

afterEach(() => {
  jest.useRealTimers();
});

describe('the lifecycle of the watch of the event loop', () => {
  it('starts two seconds after the application, and ends with it', () => {
    const blockedLoop = lifecycle();
    blockedLoop.start();
    jest.advanceTimersByTime(1_999);
    expect(watch).not.toHaveBeenCalled();
    jest.advanceTimersByTime(1);
    expect(watch).toHaveBeenCalledWith(expect.objectContaining({ thresholdMs: 120 }));
    blockedLoop.stop();
    blockedLoop.stop();
    expect(ended).toHaveBeenCalledTimes(1);
  });

  it('never starts for an application that ends before', () => {
    const blockedLoop = lifecycle();
    blockedLoop.start();
    blockedLoop.stop();
    jest.advanceTimersByTime(10_000);
    expect(watch).not.toHaveBeenCalled();
    lifecycle().stop();
  });

  it('wakes with the first work after a rest, until it ends', () => {
    const eventLoop = new EventLoopUse({ now: () => 0, monotonic: () => 0 }, new Set());
    const blockedLoop = lifecycle(eventLoop);
    blockedLoop.start();
    jest.advanceTimersByTime(2_000);
    expect(eventLoop.onWork).toBeDefined();
    expect(watch.mock.calls[0]?.[0].isActive()).toBe(false);
    blockedLoop.stop();
    expect(eventLoop.onWork).toBeUndefined();
  });

  it('reports what fails, and throws nothing into the event loop', () => {
    watch.mockImplementationOnce(() => {
      throw new Error('no thread');
    });
    lifecycle().start();
    jest.advanceTimersByTime(2_000);
    lifecycle().start();
    jest.advanceTimersByTime(2_000);
    record.mockImplementation(() => {
      throw new Error('no record');
    });
    const subscriber = watch.mock.calls[1]?.[0];
    subscriber?.onBlock(BLOCK);
    subscriber?.onUnavailable(new Error('no inspector'));
    expect(reported.mock.calls).toEqual([[new Error('no thread')], [new Error('no record')]]);
  });
});
