import { monitorEventLoopDelay, PerformanceObserver } from 'node:perf_hooks';
import { jest } from '@jest/globals';

/** How many listeners the process has, by event. */
export function listenersOfProcess(): Record<string, number> {
  return Object.fromEntries(process.eventNames().map((name) => [String(name), process.listenerCount(name)]));
}

/** Counts what watches the process without being one of its active resources. */
export function spyOnWatchers(): { started(): number; stopped(): number } {
  const delays = Object.getPrototypeOf(monitorEventLoopDelay()) as {
    enable(): boolean;
    disable(): boolean;
  };
  const started = [jest.spyOn(delays, 'enable'), jest.spyOn(PerformanceObserver.prototype, 'observe')];
  const stopped = [jest.spyOn(delays, 'disable'), jest.spyOn(PerformanceObserver.prototype, 'disconnect')];
  return { started: () => callsOf(started), stopped: () => callsOf(stopped) };
}

function callsOf(spies: readonly { readonly mock: { readonly calls: readonly unknown[] } }[]): number {
  return spies.reduce((calls, { mock }) => calls + mock.calls.length, 0);
}
