import type { MonitoringClock as Clock } from 'nestjs-monitoring';
import type { PushFetch } from '../../../lib/exporters/push/http-exchange.js';
import type { MetricsInterval } from '../../../lib/exporters/push/metrics-interval.js';
import type { PushDestination, PushRequest } from '../../../lib/exporters/push/push-destination.js';
import type { ExporterLogger } from '../../../lib/exporters/push/push-dependencies.js';
import { useFakeTimers } from '../../support/fake-timers.js';

/** The time of the fake timers, which `jest.advanceTimersByTimeAsync()` moves. */
export const timerClock: Clock = { now: () => Date.now(), monotonic: () => Date.now() };

/** How requests are sent unless an option says otherwise. */
export const nodeFetch: PushFetch = (url, init) => fetch(url, init);

/** Returns the first item. @throws {Error} if there is none */
export function firstOf<T>(items: readonly T[]): T {
  const [first] = items;
  if (first === undefined) throw new Error('expected at least one item');
  return first;
}

export function useFakeTime(): void {
  // 30 s after a full minute.
  useFakeTimers({
    toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'Date'],
    now: 1_700_000_000_000 - (1_700_000_000_000 % 60_000) + 30_000,
  });
}

/** A logger that keeps what is said. */
export class KeptLog implements ExporterLogger {
  readonly lines: string[] = [];

  warn(message: string): void {
    this.lines.push(`warn: ${message}`);
  }

  error(message: string): void {
    this.lines.push(`error: ${message}`);
  }
}

/** What a test remote is sent: one number. */
export interface Delta {
  readonly series: string;
  readonly delta: number;
  readonly endedAt: number;
}

/**
 * A remote in memory, one request a counter series, that does what the test says with each. It does not want the
 * metrics of monitoring itself.
 */
export class TestDestination implements PushDestination {
  readonly name: string = 'test';
  readonly taken: Delta[] = [];
  readonly attempts: Delta[] = [];
  readonly signals: AbortSignal[] = [];
  readonly intervals: MetricsInterval[] = [];
  /** How the next request is answered. */
  answer: (delta: Delta, signal: AbortSignal) => Promise<void | readonly PushRequest[]> = async () =>
    undefined;

  encode(interval: MetricsInterval): PushRequest[] {
    this.intervals.push(interval);
    return interval.families.flatMap(({ type, name, series }) =>
      type === 'counter' && !name.startsWith('monitoring_')
        ? series.map(({ labels, delta }) => {
            const payload: Delta = {
              series:
                name +
                Object.values(labels)
                  .map((value) => ` ${value}`)
                  .join(''),
              delta,
              endedAt: interval.endedAt,
            };
            return { payload, bytes: 100, points: 1 };
          })
        : [],
    );
  }

  async send(request: PushRequest, signal: AbortSignal): Promise<void | readonly PushRequest[]> {
    const delta = request.payload as Delta;
    this.attempts.push(delta);
    this.signals.push(signal);
    const pieces = await this.answer(delta, signal);
    if (pieces === undefined) this.taken.push(delta);
    return pieces;
  }

  /** What has been taken of each series. */
  get sums(): Record<string, number> {
    const sums: Record<string, number> = {};
    for (const { series, delta } of this.taken) sums[series] = (sums[series] ?? 0) + delta;
    return sums;
  }
}
