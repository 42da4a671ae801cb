import { describe, expect, it } from '@jest/globals';
import { processSummary } from '../../lib/dashboard/process-summary.js';
import { MINUTE, past, SECOND } from '../history/support.js';

const NOW = 1_000_000;
const INSTANCE = { id: 'web-1:17:1', host: 'web-1', pid: 17, startedAt: NOW - 90_000 };
const QUIET = {
  blocks: { find: () => [] },
  lastExit: { enabled: false, file: undefined, get: () => undefined },
  memory: { report: () => ({ status: 'steady', cause: 'Steady.' }) },
  logLevels: { read: () => ({ changes: [] }), set: () => undefined, reset: () => false },
  instance: INSTANCE,
};

function history(lag: number, heapUsed: number) {
  const made = past({ intervalMs: 5 * SECOND, retentionMs: 10 * MINUTE });
  const gauges = {
    nodejs_eventloop_lag_p99_seconds: lag,
    nodejs_heap_size_used_bytes: heapUsed,
    nodejs_heap_size_limit_bytes: 2 ** 30,
  };
  for (const [name, value] of Object.entries(gauges)) {
    made.registry.gauge(name, 'A gauge.').set(value);
    made.history.retain({ metric: name });
  }
  made.run(3, () => undefined);
  return made.history;
}

describe('the summary of the process', () => {
  it('has the most important figure first while all is well', () => {
    const { figures } = processSummary(
      { ...QUIET, history: history(0.01, 2 ** 28) },
      { rangeMs: MINUTE },
      NOW,
    );
    expect(figures).toEqual([
      { title: 'Event loop blocks', value: 0, state: 'ok', tab: 'event-loop', note: 'in this range' },
      { title: 'Event loop lag, p99', value: 0.01, unit: 'seconds', state: 'ok', tab: 'event-loop' },
      {
        title: 'Heap used',
        value: 0.25,
        unit: 'ratio',
        state: 'ok',
        tab: 'memory',
        note: 'of its limit of 1024 MiB',
      },
      {
        title: 'Running for',
        value: 90,
        unit: 'seconds',
        state: 'ok',
        note: 'Process 17 on web-1',
        tab: 'process',
      },
    ]);
  });

  it('has what is wrong first', () => {
    const blocks = [
      { startedAt: NOW - 1_000, durationMs: 120, culprit: 'Reports.total' },
      { startedAt: NOW - 500, durationMs: 480.4, culprit: 'Reports.export' },
      { startedAt: NOW - 2 * MINUTE, durationMs: 9_000, culprit: 'Earlier.one' },
    ];
    const exit = { isClean: false, reason: 'oom_kill', details: 'The container had no memory left.' };
    class Exits {
      readonly enabled = true;
      readonly file = undefined;
      private readonly exit = exit;
      get() {
        return this.exit;
      }
    }
    const { figures } = processSummary(
      {
        ...QUIET,
        history: history(0.2, 0.97 * 2 ** 30),
        blocks: { find: () => blocks },
        lastExit: new Exits(),
        memory: { report: () => ({ status: 'suspected', cause: 'Grows by 3 MiB an hour.' }) },
        logLevels: { ...QUIET.logLevels, read: () => ({ changes: [{}] }) },
      },
      { rangeMs: MINUTE, until: NOW },
      NOW,
    );
    expect(figures.map(({ title, value, state, note }) => [title, value, state, note])).toEqual([
      ['Heap used', 0.97, 'critical', 'of its limit of 1024 MiB'],
      ['Memory growth', 'leak suspected', 'critical', 'Grows by 3 MiB an hour.'],
      ['Event loop blocks', 2, 'warning', 'the longest 480 ms: Reports.export'],
      ['Event loop lag, p99', 0.2, 'warning', undefined],
      ['Last exit', 'oom kill', 'warning', 'The container had no memory left.'],
      ['Changed log levels', 1, 'ok', undefined],
      ['Running for', 90, 'ok', 'Process 17 on web-1'],
    ]);
  });
});
