import type { FlightEntry } from '../../../lib/diagnostics/flight-recorder/flight-row.js';

/** The time of the last entry in these tests. */
export const NOW = 1_800_000_000_000;
export const MIB = 1024 * 1024;

/** Returns an entry of a process that does nothing out of the ordinary. */
export function entryOf(changes: {
  readonly row?: Partial<FlightEntry['row']>;
  readonly process?: Partial<FlightEntry['process']>;
  readonly kills?: Partial<FlightEntry['kills']>;
  readonly entry?: Partial<Pick<FlightEntry, 'sign' | 'oldSpaceBytes' | 'asked' | 'error' | 'end'>>;
}): FlightEntry {
  return {
    row: {
      time: NOW,
      rssBytes: 80 * MIB,
      heapUsedBytes: 30 * MIB,
      externalBytes: MIB,
      eventLoopUtilization: 0.1,
      eventLoopDelayMs: 2,
      requestsInFlight: 1,
      vitals: { cpu_percent: 12 },
      routes: [{ name: 'GET /orders/:id', perSecond: 12.5 }],
      operations: [{ name: 'OrdersController.list', ageMs: 800 }],
      errors: [{ error: 'OrderError', site: 'Orders.list (orders.ts:1:1)', count: 2, lastSeenAt: NOW - 5 }],
      alerts: [{ rule: 'high_cpu', severity: 'warning' }],
      ...changes.row,
    },
    process: {
      pid: 4711,
      startedAt: NOW - 60_000,
      version: '1.2.3',
      node: 'v20.19.0',
      boot: 'boot-1',
      host: 'host-1',
      namespace: 'pid:[1]',
      ticks: '100',
      isWorker: false,
      heapLimitBytes: 400 * MIB,
      ...changes.process,
    },
    kills: { group: '7 /group', limitBytes: 512 * MIB, inGroup: 0, onMachine: 3, ...changes.kills },
    oldSpaceBytes: 20 * MIB,
    ...changes.entry,
  };
}
