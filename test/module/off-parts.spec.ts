import { describe, expect, it } from '@jest/globals';
import type { MonitoringOptions } from 'nestjs-monitoring';
import { resolveOptions } from '../../lib/module/monitoring.options.js';
import { offParts } from '../../lib/module/off-parts.js';

function offIn(options: MonitoringOptions, environment = 'test'): Record<string, readonly string[]> {
  const found = offParts(resolveOptions(options, environment));
  return Object.fromEntries(found.map(({ names, reason }) => [reason, names]));
}

describe('the parts that are off', () => {
  it('are none by default, though some parts are only on by an option', () => {
    expect(offIn({})).toEqual({});
    expect(offIn({ exporters: false, bridges: false, cluster: false, dashboard: true })).toEqual({});
  });

  it('are all that are named in the options as off', () => {
    const all: MonitoringOptions = {
      http: false,
      outgoingHttp: false,
      rpc: false,
      webSocket: false,
      graphql: false,
      logs: false,
      requests: false,
      errors: false,
      jobs: false,
      diagnostics: false,
      collectors: false,
      history: false,
      health: false,
      alerting: false,
      endpoints: false,
    };
    expect(offIn(all)).toEqual({ options: expect.arrayContaining(Object.keys(all)) });
    expect(offIn(all)['options']).toHaveLength(Object.keys(all).length);
  });

  it.each<[MonitoringOptions, string[]]>([
    [{ errors: { records: false } }, ['errors.records']],
    [{ jobs: { bullmq: false } }, ['jobs.bullmq']],
    [{ jobs: { bullmq: false, schedule: false } }, ['jobs']],
    [{ requests: { records: false } }, ['requests']],
    [
      { diagnostics: { blockedLoop: false, startup: false } },
      ['diagnostics.blockedLoop', 'diagnostics.startup'],
    ],
    [{ collectors: { runtime: { gc: false } } }, ['collectors.runtime.gc']],
    [
      { collectors: { system: { cpu: false, diskIo: false } } },
      ['collectors.system.cpu', 'collectors.system.diskIo'],
    ],
    [{ collectors: { database: { serverStatistics: false } } }, ['collectors.database.serverStatistics']],
    [{ health: { builtIn: { disk: false } } }, ['health.builtIn.disk']],
    [
      { health: { builtIn: { disk: false, memory: false } } },
      ['health.builtIn.disk', 'health.builtIn.memory'],
    ],
    [
      {
        collectors: {
          runtime: { process: false, eventLoop: false, gc: false, heap: false },
          system: { cpu: false, memory: false, network: false },
        },
      },
      [
        'collectors.runtime.process',
        'collectors.runtime.eventLoop',
        'collectors.runtime.gc',
        'collectors.runtime.heap',
        'collectors.system.cpu',
        'collectors.system.memory',
        'collectors.system.network',
      ],
    ],
    [{ thresholds: { cpu_percent: false } }, ['thresholds.cpu_percent']],
    [{ thresholds: false }, ['thresholds']],
    [{ alerting: false }, ['endpoints.alerts', 'alerting']],
    [{ dashboard: false }, ['endpoints.dashboard']],
    [
      { history: false },
      ['endpoints.dashboard', 'endpoints.alerts', 'collectors.api', 'history', 'alerting'],
    ],
    [
      { health: false },
      ['endpoints.health', 'endpoints.readiness', 'endpoints.liveness', 'endpoints.startup', 'health'],
    ],
  ])('are named as far as they are off: %j', (options, names) => {
    expect(offIn(options)).toEqual({ options: names });
  });

  it('are named in production with the reason, unless an option says so', () => {
    const withheld = ['endpoints.dashboard', 'diagnostics.profiles'];
    expect(offIn({}, 'production')).toEqual({
      'NODE_ENV is production': ['diagnostics.blockedLoop'],
      'NODE_ENV is production without `endpoints.auth`': withheld,
    });
    const auth = { bearerToken: 'a-token' };
    expect(offIn({ endpoints: { auth } }, 'production')).toEqual({
      'NODE_ENV is production': ['diagnostics.blockedLoop'],
    });
    expect(
      offIn({ dashboard: false, diagnostics: { blockedLoop: false, profiles: false } }, 'production'),
    ).toEqual({ options: ['endpoints.dashboard', 'diagnostics.blockedLoop', 'diagnostics.profiles'] });
    expect(offIn({ dashboard: false, diagnostics: false }, 'production')).toEqual({
      options: ['endpoints.dashboard', 'diagnostics'],
    });
  });
});
