import { describe, expect, it } from '@jest/globals';
import type { MonitoringOptions } from 'nestjs-monitoring';
import { resolveOptions } from '../../lib/module/monitoring.options.js';

const OFF = [
  'collectors.system',
  'collectors.api',
  'endpoints.metrics',
  'endpoints.health',
  'endpoints.readiness',
  'endpoints.liveness',
  'endpoints.startup',
  'endpoints.dashboard',
  'endpoints.alerts',
  'collectors.runtime.eventLoop',
  'collectors.runtime.threadPool',
  'collectors.database.serverStatistics',
  'collectors.cache.serverStatistics',
  'diagnostics.blockedLoop',
  'diagnostics.memory',
  'diagnostics.profiles',
  'requests',
  'history',
  'alerting',
];

function onLambda(options: MonitoringOptions = {}) {
  return resolveOptions(options, 'production', true);
}

describe('the defaults on AWS Lambda', () => {
  it('are off for what needs a timer, a thread, a machine or a server', () => {
    const options = onLambda();
    expect(options.offOnLambda).toEqual(OFF);
    expect([options.history, options.alerting]).toEqual([false, false]);
    expect(new Set(Object.values(options.endpoints.paths))).toEqual(new Set([false]));
    expect(options.collectors).toMatchObject({
      system: false,
      api: false,
      runtime: { eventLoop: false, threadPool: false, process: {}, gc: {}, heap: {} },
      database: { serverStatistics: false, slowQueryThresholdMs: 500 },
      cache: { serverStatistics: false },
    });
    expect(options.diagnostics).toMatchObject({ blockedLoop: false, memory: false, profiles: false });
    expect(options.health).toMatchObject({ drain: { delayMs: 0 } });
  });

  it('leave everything as it is elsewhere', () => {
    const { offOnLambda, ...elsewhere } = resolveOptions({}, 'production');
    expect(offOnLambda).toEqual([]);
    expect(elsewhere).toMatchObject({ history: { intervalMs: 15_000 }, alerting: { intervalMs: 15_000 } });
    expect(elsewhere.collectors.system).not.toBe(false);
    expect(elsewhere.endpoints.paths.metrics).toEqual({ path: 'metrics', given: false });
  });

  it.each<[string, MonitoringOptions]>([
    ['endpoints.health', { endpoints: { health: 'health' } }],
    ['collectors.system', { collectors: { system: {} } }],
    ['collectors.runtime.eventLoop', { collectors: { runtime: { eventLoop: {} } } }],
    ['collectors.database.serverStatistics', { collectors: { database: { serverStatistics: true } } }],
    ['diagnostics.memory', { diagnostics: { memory: {} } }],
    ['requests', { requests: {} }],
  ])('give way to an option: %s', (name, options) => {
    expect(onLambda(options).offOnLambda).toEqual(OFF.filter((off) => off !== name));
  });

  it.each<MonitoringOptions>([
    { history: {} },
    { history: true },
    { alerting: {} },
    { endpoints: { dashboard: 'live' } },
    { endpoints: { alerts: 'rules' } },
  ])('sample with %j', (options) => {
    const { history, alerting, offOnLambda } = onLambda(options);
    expect([history, alerting]).not.toContain(false);
    const asked = Object.keys(typeof options.endpoints === 'object' ? options.endpoints : {});
    expect(offOnLambda).toEqual(
      OFF.slice(0, -2).filter((off) => !asked.includes(off.replace('endpoints.', ''))),
    );
  });

  it.each<[MonitoringOptions, object]>([
    [{ health: { alerts: true } }, { health: { alerts: {} } }],
    [{ thresholds: { memory_percent: 80 } }, { thresholds: { memory_percent: 80 } }],
    [{ collectors: { api: true } }, { collectors: { api: {} } }],
    [
      { dashboard: { prometheus: { url: 'http://prometheus:9090' } } },
      { dashboard: { prometheus: { url: 'http://prometheus:9090' } } },
    ],
    [
      { diagnostics: { flightRecorder: { file: '/tmp/flight', alert: true } } },
      { diagnostics: { flightRecorder: { alert: true } } },
    ],
  ])('sample what an option needs: %j', (options, resolved) => {
    expect(onLambda(options)).toMatchObject({
      history: { intervalMs: 15_000 },
      alerting: { intervalMs: 15_000 },
      ...resolved,
    });
  });

  it.each<[MonitoringOptions, string[]]>([
    [{ health: { alerts: false }, thresholds: false, collectors: { api: false } }, ['history', 'alerting']],
    [{ history: false }, ['alerting']],
    [{ alerting: false }, ['history']],
    [{ history: false, alerting: false }, []],
  ])('do not sample with %j, and say of the rest why', (options, off) => {
    const { history, alerting, offOnLambda } = onLambda(options);
    expect([history, alerting]).toEqual([false, false]);
    const given = options.collectors === undefined ? [] : ['collectors.api'];
    expect(offOnLambda).toEqual([...OFF.slice(0, -2).filter((name) => !given.includes(name)), ...off]);
  });

  it('are the same with true as with no options', () => {
    const given = onLambda({ endpoints: true, collectors: true, diagnostics: true, health: true });
    expect(given.offOnLambda).toEqual(OFF);
    expect(given.health).toMatchObject({ drain: { delayMs: 0 } });
  });

  it.each<[MonitoringOptions, string[]]>([
    [{ endpoints: { listen: { port: 0 } } }, ['endpoints.dashboard', 'endpoints.alerts']],
    [{ endpoints: { controllers: true, dashboard: false } }, ['endpoints.alerts']],
  ])('keep the endpoints with %j, but for those of samples', (options, names) => {
    const { offOnLambda, endpoints } = onLambda(options);
    const off = offOnLambda.filter((name) => name.startsWith('endpoints.'));
    expect(off).toEqual(names);
    expect([endpoints.paths.dashboard, endpoints.paths.alerts]).toEqual([false, false]);
    expect(endpoints.paths.metrics).toEqual({ path: 'metrics', given: false });
  });

  it('keep what is off by an option', () => {
    const options = onLambda({
      collectors: { runtime: false, database: false, cache: false },
      diagnostics: false,
      requests: false,
    });
    expect(options.offOnLambda).toEqual(
      OFF.filter((name) => !/^(diagnostics|requests|collectors\.(runtime|database|cache))/.test(name)),
    );
    expect(options.collectors).toMatchObject({ runtime: false, database: false, cache: false });
  });

  it.each<[string, unknown]>([
    ['endpoints', 'all'],
    ['collectors', 7],
    ['diagnostics', 'on'],
    ['health', 'good'],
    ['requests', 'many'],
    ['requests', null],
    ['history', null],
    ['alerting', null],
  ])('refuse an invalid `%s` as elsewhere', (name, value) => {
    const errorOf = (lambda: boolean) => {
      try {
        resolveOptions({ [name]: value }, 'production', lambda);
      } catch (error) {
        return (error as Error).message;
      }
      return 'none';
    };
    expect(errorOf(true)).toContain(`\`${name}\``);
    expect(errorOf(true)).toBe(errorOf(false));
  });
});
