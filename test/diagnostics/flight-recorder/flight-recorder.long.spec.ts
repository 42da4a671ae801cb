import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { AlertingMonitor, HealthMonitor, MetricsRegistry, type Vitals } from 'nestjs-monitoring';
import { ErrorRecords, LastExit } from 'nestjs-monitoring/diagnostics';
import { EndSignals } from '../../../lib/diagnostics/flight-recorder/end-signals.js';
import { FlightFile } from '../../../lib/diagnostics/flight-recorder/flight-file.js';
import { isRunning, ownProcess } from '../../../lib/diagnostics/flight-recorder/flight-process.js';
import {
  type FlightRecorderOptions,
  resolveFlightRecorder,
} from '../../../lib/diagnostics/flight-recorder/flight-recorder.options.js';
import { FlightRecorder } from '../../../lib/diagnostics/flight-recorder/flight-recorder.js';
import {
  emptyRing,
  encodeSlot,
  positionOf,
  SLOT_BYTES,
} from '../../../lib/diagnostics/flight-recorder/flight-ring.js';
import {
  entryText,
  type FlightEntry,
  lastSignOf,
  readEntry,
} from '../../../lib/diagnostics/flight-recorder/flight-row.js';
import { FlightSampler } from '../../../lib/module/flight-sampler.js';
import { CallSites } from '../../../lib/instrumentation/requests/call-sites.js';
import { systemClock } from '../../../lib/metrics/clock.js';
import { Guard } from '../../../lib/primitives/guard.js';
import { hasSignalListener, ownSignalListener } from '../../../lib/primitives/own-signal-listener.js';
import { FixtureModule, WITHOUT_COLLECTORS } from '../../e2e/fixture/fixture.module.js';
import { ADAPTERS, eventually, startApp } from '../../e2e/fixture/start-app.js';
import { entryOf, NOW } from './flight-entries.js';

let directory = '';
let file = '';
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'flight-'));
  file = join(directory, 'flight');
});
afterEach(() => rmSync(directory, { recursive: true }));

const BYTES = 64 * 1024;

describe('the options of the flight recorder', () => {
  it('have defaults beside the file', () => {
    expect(resolveFlightRecorder(undefined)).toBe(false);
    expect(resolveFlightRecorder(false)).toBe(false);
    expect(resolveFlightRecorder({ file })).toEqual({ file, bytes: 262_144, alert: false });
  });

  it.each<[object, string]>([
    [{}, 'file'],
    [{ file: '' }, 'file'],
    [{ file: 7 }, 'file'],
    [{ file: 'x', bytes: 4096 }, 'bytes'],
    [{ file: 'x', bytes: 1e12 }, 'bytes'],
    [{ file: 'x', bytes: 40_000.5 }, 'bytes'],
    [{ file: 'x', alert: 'yes' }, 'alert'],
    [{ file: 'x', files: 1 }, 'files'],
  ])('may not be %j', (options, name) => {
    expect(() => resolveFlightRecorder(options as FlightRecorderOptions)).toThrow(name);
  });
});

describe('the file', () => {
  const open = (runs: boolean | 'uncertain' = false): FlightFile =>
    new FlightFile(file, BYTES, () => (runs === 'uncertain' ? undefined : runs));

  it('has the entries of the last process, and is written on', () => {
    for (const pid of [1, 1, 2, 2, 2]) {
      const writer = open();
      writer.claim();
      writer.write(entryOf({ process: { pid } }));
      writer.close();
    }
    const reader = open();
    const claim = reader.claim();
    expect('predecessor' in claim && claim.predecessor.entries.map(({ process }) => process.pid)).toEqual([
      2, 2, 2,
    ]);
    reader.close();
  });

  it('has the last sign of life of its process beside the last entry, until the next one', () => {
    const lastTimes = (signs: readonly number[], isFollowed = false): (number | undefined)[] => {
      const writer = open();
      writer.claim();
      writer.write(entryOf({}));
      for (const sign of signs) writer.beat({ time: sign, oldSpaceBytes: 1 });
      if (isFollowed) writer.write(entryOf({ row: { time: NOW + 1_000 } }));
      expect(writer.isOwn()).toBe(true);
      writer.close();
      const reader = open();
      const claim = reader.claim();
      reader.close();
      const last = 'predecessor' in claim ? claim.predecessor.entries.at(-1) : undefined;
      return last === undefined ? [] : [last.row.time, lastSignOf(last)];
    };
    expect(lastTimes([])).toEqual([NOW, NOW]);
    expect(lastTimes([NOW + 500])).toEqual([NOW, NOW + 500]);
    expect(lastTimes([NOW + 500, NOW + 900])).toEqual([NOW, NOW + 900]);
    expect(lastTimes([NOW + 500], true)).toEqual([NOW + 1_000, NOW + 1_000]);
    // A clock that was set back.
    expect(lastTimes([NOW - 5_000])).toEqual([NOW, NOW]);
    expect(lastTimes([NaN])).toEqual([NOW, NOW]);
  });

  it('is another one while its process runs', () => {
    const first = open();
    first.claim();
    first.write(entryOf({}));
    const second = open(true);
    expect(second.claim()).toMatchObject({ running: [{ process: { pid: 4711 } }] });
    expect(second.path).toBe(`${file}.2`);
    first.close();
    second.close();
  });

  it('is free if it does not change while it is watched, and another one if it does', () => {
    const other = open();
    other.claim();
    other.write(entryOf({}));
    const own = open('uncertain');
    const first = own.claim();
    if (!('uncertain' in first)) throw new Error('it was certain');
    other.write(entryOf({}));
    own.claim(first.uncertain);
    expect(own.path).toBe(`${file}.2`);
    own.close();
    const next = open('uncertain');
    const again = next.claim();
    if (!('uncertain' in again)) throw new Error('it was certain');
    next.claim(again.uncertain);
    expect(next.path).toBe(file);
    next.close();
    other.close();
  });

  it('belongs to the one that wrote last', () => {
    const [first, second] = [open(), open()];
    first.claim();
    second.claim();
    first.write(entryOf({}));
    expect(first.isOwn()).toBe(true);
    second.write(entryOf({ process: { pid: 2 } }));
    expect([first.isOwn(), second.isOwn()]).toEqual([false, true]);
    first.close();
    second.close();
  });

  it('belongs to another process that has gone on with it while this one was suspended', () => {
    const suspended = open();
    suspended.claim();
    suspended.write(entryOf({}));
    const next = open();
    next.claim();
    expect(suspended.isOwn()).toBe(true);
    for (let i = 0; i < 3; i++) next.write(entryOf({ process: { pid: 2 } }));
    expect([suspended.isOwn(), next.isOwn()]).toEqual([false, true]);
    suspended.close();
    next.close();
  });

  it('begins again where its numbers would end', () => {
    const ring = emptyRing(BYTES);
    const slot = Buffer.alloc(SLOT_BYTES);
    const text = entryText(entryOf({ row: { time: 1e300 } }));
    encodeSlot(slot, 999_999_999_999, text);
    slot.copy(ring, positionOf(999_999_999_999, BYTES));
    writeFileSync(file, ring);
    for (let i = 0; i < 2; i++) {
      const opened = open();
      expect(opened.claim()).toMatchObject({ predecessor: { entries: [{ process: { pid: 4711 } }] } });
      opened.write(entryOf({}));
      opened.close();
    }
    expect(readEntry(text)?.row.time).toBe(0);
  });

  it('gets another size if the option has changed', () => {
    writeFileSync(file, 'nestjs-monitoring flight recorder 3 4096 16'.padEnd(4095) + '\n');
    const opened = open();
    expect(opened.claim()).toMatchObject({ predecessor: { isTorn: true } });
    expect(readFileSync(file)).toHaveLength(BYTES);
    opened.close();
  });
});

describe('a process', () => {
  const own = ownProcess('1.0.0', false);
  const started = process.platform === 'linux';

  it('runs if it is this one, and not if another one had its ID', () => {
    expect(isRunning(own, own)).toBe(true);
    expect(isRunning({ ...own, ticks: '1', startedAt: 1 }, own)).toBe(false);
    if (started) expect(isRunning({ ...own, pid: process.ppid, ticks: '1' }, own)).toBe(false);
    expect(isRunning({ ...own, pid: 2 ** 30 }, own)).toBe(false);
    expect(isRunning({ ...own, pid: -1 }, own)).toBe(false);
  });

  it('may run if it is in another container or on another machine, and not if this machine has restarted', () => {
    expect(isRunning({ ...own, namespace: 'pid:[7]' }, own)).toBeUndefined();
    expect(isRunning({ ...own, host: 'other', boot: 'other' }, own)).toBeUndefined();
    expect(isRunning({ ...own, boot: 'other' }, own)).toBe(false);
  });
});

describe('the listener for signals', () => {
  it('steps aside at the first signal, and leaves it to the application', () => {
    const seen: unknown[] = [];
    const signals = new EndSignals(new Guard(() => undefined), (signal, ends) => seen.push([signal, ends]));
    const before = process.listenerCount('SIGTERM');
    const own = (): void => void seen.push('application');
    process.once('SIGTERM', own);
    signals.start();
    process.emit('SIGTERM');
    expect(seen).toEqual([['SIGTERM', false], 'application']);
    expect(process.listenerCount('SIGTERM')).toBe(before);
    signals.stop();
    expect(process.listenerCount('SIGINT')).toBe(process.listeners('SIGINT').length);
  });
});

describe('the mark of the listeners of this library', () => {
  it('keeps them from being taken for one that closes the application', () => {
    const signals = new EndSignals(new Guard(() => undefined), () => undefined);
    const before = hasSignalListener('SIGTERM');
    signals.start();
    expect(process.listenerCount('SIGTERM')).toBeGreaterThan(0);
    expect(hasSignalListener('SIGTERM')).toBe(before);
    const own = ownSignalListener(() => undefined);
    const application = (): void => undefined;
    process.on('SIGTERM', own).on('SIGTERM', application);
    expect(hasSignalListener('SIGTERM')).toBe(true);
    process.off('SIGTERM', own).off('SIGTERM', application);
    signals.stop();
  });
});

describe('the flight recorder', () => {
  it('never throws, whatever fails, and warns once of each failure', async () => {
    const warnings: string[] = [];
    const failing = (): never => {
      throw new Error('broken');
    };
    const recorder = new FlightRecorder(
      { file: join(directory, 'missing/flight'), bytes: BYTES, alert: false },
      {
        clock: systemClock,
        sites: new CallSites(),
        version: '',
        isWorker: false,
        sample: failing,
        requestsInFlight: failing,
        kills: failing,
        warn: (message) => warnings.push(message),
        onReport: failing,
        onSettled: failing,
      },
    );
    recorder.start();
    recorder.started();
    recorder.stop();
    expect(warnings).toHaveLength(1);
    expect(new LastExit(recorder)).toMatchObject({ enabled: true, file: undefined });
    expect(new LastExit(recorder).get()).toBeUndefined();
    expect(readdirSync(directory)).toEqual([]);
  });
});

describe.each(ADAPTERS)('an application on %s with a flight recorder', (adapter) => {
  const start = (alert = false) =>
    startApp(
      adapter,
      FixtureModule.with({
        ...WITHOUT_COLLECTORS,
        diagnostics: { blockedLoop: false, flightRecorder: { file, alert } },
        history: { intervalMs: 1_000 },
      }),
    );

  it('says how the last one ended: by the class, the API, the metric, a health check, and an alert', async () => {
    const first = await start();
    expect(first.app.get(LastExit).file).toBe(file);
    await first.app.close();
    const closed = await start();
    await eventually(() => expect(closed.app.get(LastExit).get()).toMatchObject({ reason: 'clean' }));
    await closed.app.close();
    // As if it had been killed.
    const entry = lastEntry();
    const writer = new FlightFile(file, 256 * 1024, () => false);
    writer.claim();
    const { end: _, ...killed } = entry;
    writer.write({ ...killed, process: { ...entry.process, pid: 2 ** 30 } });
    writer.close();
    const running = await start(true);
    const { app } = running;
    await eventually(() => expect(app.get(LastExit).get()?.reason).toBe('killed'));
    const { body } = await running.get('/metrics-dashboard/api/diagnostics/last-exit');
    expect(JSON.parse(body)).toMatchObject({
      enabled: true,
      file,
      exit: { reason: 'killed', isClean: false },
    });
    expect(await running.samples('process_last_exit_info')).toMatchObject([
      { labels: { reason: 'killed' }, value: 1 },
    ]);
    const report = await app.get(HealthMonitor).runHealthChecks();
    expect(JSON.stringify(report)).toContain('"last-exit"');
    await eventually(() => {
      const alerts = app.get(AlertingMonitor).alerts();
      expect(alerts).toMatchObject([{ rule: 'unexpected_end', state: 'firing' }]);
    }, 20_000);
    await app.close();
  }, 60_000);

  it('says that there is none without the option', async () => {
    const running = await startApp(adapter, FixtureModule.with(WITHOUT_COLLECTORS));
    const { body } = await running.get('/metrics-dashboard/api/diagnostics/last-exit');
    expect(JSON.parse(body)).toEqual({ enabled: false, file: null, exit: null });
    expect(running.app.get(LastExit).get()).toBeUndefined();
    await running.app.close();
  });

  it('leaves no listener and no timer behind, and records what the application did', async () => {
    const count = () =>
      ['exit', 'uncaughtExceptionMonitor', 'SIGTERM', 'SIGINT'].map((name) => process.listenerCount(name));
    const before = count();
    const running = await start();
    await running.get('/metrics');
    expect(count().map((each, i) => each - (before[i] ?? 0))).not.toContain(0);
    await running.app.close();
    expect(count()).toEqual(before);
    const entry = lastEntry();
    expect(entry.end).toEqual({ code: -1, signal: '', isClosed: true });
    expect(entry.row.rssBytes).toBeGreaterThan(10_000_000);
  });
});

/** Returns the last entry of the file. */
function lastEntry(): FlightEntry {
  const lines = readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line.includes('{"row"'))
    .toSorted();
  const entry = readEntry(lines.at(-1)?.slice(22).trim() ?? '');
  if (entry === undefined) throw new Error('there is no entry');
  return entry;
}

describe('what the flight recorder reads of other parts', () => {
  it('is the busiest routes, the requests in flight, the firing alerts and the vitals', () => {
    const registry = new MetricsRegistry();
    const labelNames = ['method', 'route', 'status_code'] as const;
    const requests = registry.counter('http_requests_total', 'Requests.', { labelNames });
    const inProgress = registry.gauge('http_requests_in_progress', 'Requests.', { labelNames: ['method'] });
    let now = 0;
    const alert = { severity: 'critical', rule: 'down' };
    const alerts = () => [
      { ...alert, state: 'firing' },
      { ...alert, state: 'pending' },
    ];
    const sampler = new FlightSampler({
      registry,
      operations: null,
      errors: new ErrorRecords(),
      alerting: { alerts } as unknown as AlertingMonitor,
      vitals: { current: () => ({ cpu_percent: 7 }) } as unknown as Vitals,
      clock: { now: () => now, monotonic: () => now },
    });
    requests.inc({ method: 'GET', route: '/old', status_code: '200' }, 100);
    sampler.sample();
    now += 5_000;
    requests.inc({ method: 'GET', route: '/a', status_code: '200' }, 10);
    requests.inc({ method: 'GET', route: '/a', status_code: '500' }, 5);
    for (let i = 0; i < 20; i++) requests.inc({ method: 'GET', route: `/${i}`, status_code: '200' });
    inProgress.inc({ method: 'GET' }, 2);
    inProgress.inc({ method: 'POST' });
    const { routes, ...rest } = sampler.sample();
    expect(routes[0]).toEqual({ name: 'GET /a', perSecond: 3 });
    expect(routes).toHaveLength(5);
    expect(rest).toEqual({ vitals: { cpu_percent: 7 }, operations: [], errors: [], alerts: [alert] });
    expect(sampler.requestsInFlight()).toBe(3);
    inProgress.remove({ method: 'GET' });
    expect(sampler.requestsInFlight()).toBe(1);
  });
});
