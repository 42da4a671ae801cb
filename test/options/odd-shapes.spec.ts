import { afterEach, describe, expect, it } from '@jest/globals';
import { MonitoringOptionsError } from '../../lib/options/option-checks.js';
import { resolveOptions } from '../../lib/module/monitoring.options.js';
import { MonitoringModule, type MonitoringOptions } from 'nestjs-monitoring';
import { restoreEnv, stubEnv } from '../support/environment.js';

afterEach(restoreEnv);

const NUMBER = ' Convert it: `Number(value)`.';
const BOOLEAN = " Convert it: `value === 'true'`.";
const MODULE = 'the options of MonitoringModule. Known keys:';

/** Options as JavaScript, a file of JSON or the environment give them. */
function refusalOf(options: unknown): string {
  try {
    resolveOptions(options as MonitoringOptions);
  } catch (error) {
    if (error instanceof MonitoringOptionsError) return error.message;
    throw error;
  }
  return 'nothing is wrong';
}

describe('an option of an odd shape is refused with what is wrong, what was given and what to do', () => {
  const switched = 'must be true, false or an object of options; got';
  const bucketList = '`http.buckets` must be a list of upper bounds in seconds; got';

  it.each<[unknown, string]>([
    // Texts of the environment
    [{ enabled: 'false' }, `\`enabled\` must be true or false; got the string "false".${BOOLEAN}`],
    [{ logs: 'true' }, `\`logs\` ${switched} the string "true".${BOOLEAN}`],
    [{ logs: 'info' }, `\`logs\` ${switched} a string.`],
    [
      { seriesLimit: '10' },
      `\`seriesLimit\` must be a whole number of at least 1; got the string "10".${NUMBER}`,
    ],
    [
      { requests: { records: { sampleRate: '0.1' } } },
      `\`requests.records.sampleRate\` must be a number from 0 to 1; got the string "0.1".${NUMBER}`,
    ],
    [
      { thresholds: { cpu_percent: '80' } },
      `\`thresholds.cpu_percent\` must be a number, \`{ warning, critical }\` or \`false\`; got the string "80".${NUMBER}`,
    ],
    [
      { thresholds: { cpu_percent: '80%' } },
      '`thresholds.cpu_percent` must be a number, `{ warning, critical }` or `false`; got the string "80%".',
    ],
    [
      { health: { builtIn: { disk: { degradedPercent: '80' } } } },
      `\`health.builtIn.disk.degradedPercent\` must be a number above 0; got the string "80".${NUMBER}`,
    ],
    [
      { history: { retentionMs: '1h' } },
      '`history.retentionMs` must be a number of milliseconds from 1 to 2147483647; got the string "1h".',
    ],
    [
      { history: { retentionMs: '' } },
      '`history.retentionMs` must be a number of milliseconds from 1 to 2147483647; got the string "".',
    ],
    // Objects that have no keys
    [{ exporters: { otlp: new URL('http://collector:4318') } }, `\`exporters.otlp\` ${switched} a URL.`],
    [{ http: new FormData() }, `\`http\` ${switched} a FormData.`],
    [{ http: new WeakMap() }, `\`http\` ${switched} a WeakMap.`],
    [{ http: new ArrayBuffer(1) }, `\`http\` ${switched} an ArrayBuffer.`],
    [
      { dashboard: { prometheus: { url: 'http://127.0.0.1:9090', matchers: new Map([['job', 'shop']]) } } },
      '`dashboard.prometheus.matchers` must be an object; got a Map.',
    ],
    // What the environment would give, were it left out
    [
      { exporters: { otlp: { intervalMs: null } } },
      '`exporters.otlp.intervalMs` must be a number of milliseconds from 1 to 2147483647; got null.',
    ],
    [
      { exporters: { otlp: { timeoutMs: null } } },
      '`exporters.otlp.timeoutMs` must be a number of milliseconds from 1 to 2147483647; got null.',
    ],
    [{ exporters: { otlp: { url: null } } }, '`exporters.otlp.url` must be an http or https URL; got null.'],
    [
      { exporters: { datadog: true } },
      '`exporters.datadog.apiKey` must be a non-empty string; got undefined. Check that the environment variable it is read from is set.',
    ],
    [
      { http: Promise.resolve({}) },
      `\`http\` ${switched} a Promise. Await it, or use MonitoringModule.forRootAsync().`,
    ],
    [{ collectors: new Map() }, `\`collectors\` ${switched} a Map.`],
    [{ health: new Date() }, `\`health\` ${switched} a Date.`],
    [{ alerting: [] }, `\`alerting\` ${switched} an array.`],
    [{ diagnostics: null }, `\`diagnostics\` ${switched} null.`],
    [{ seriesLimit: new Number(5) }, '`seriesLimit` must be a whole number of at least 1; got a Number.'],
    [{ seriesLimit: 10n }, '`seriesLimit` must be a whole number of at least 1; got 10.'],
    [{ seriesLimit: Symbol('ten') }, '`seriesLimit` must be a whole number of at least 1; got a symbol.'],
    [{ defaultLabels: null }, '`defaultLabels` must be an object; got null.'],
    [{ defaultLabels: 'shop' }, '`defaultLabels` must be an object; got a string.'],
    [
      { defaultLabels: { pod: null } },
      '`defaultLabels` must be an object of strings, numbers and booleans; got null for the string "pod".',
    ],
    // Lists
    [{ http: { buckets: ['0.1'] } }, `${bucketList} the string "0.1" at [0].`],
    [{ http: { buckets: [1, NaN] } }, `${bucketList} NaN at [1].`],
    [{ http: { buckets: new Set([1]) } }, `${bucketList} a Set.`],
    [
      { outgoingHttp: { ignoreHosts: ['a', new URL('http://b')] } },
      '`outgoingHttp.ignoreHosts` must be an array of hosts or regular expressions; got a URL at [1].',
    ],
    [
      { health: { groups: { readiness: ['a', null] } } },
      '`health.groups.readiness` must be a list of names of health checks; got null at [1].',
    ],
    [
      { health: { alerts: { severities: ['page'] } } },
      '`health.alerts.severities` must be a list of at least one of critical, warning, info; got the string "page" at [0].',
    ],
    [
      { health: { alerts: { severities: [] } } },
      '`health.alerts.severities` must be a list of at least one of critical, warning, info; got an array.',
    ],
    [{ alerting: { rules: ['x'] } }, '`alerting.rules[0]` must be an object; got a string.'],
    [
      { alerting: { inhibitRules: [{}] } },
      '`alerting.inhibitRules[0].source` must be an object; got undefined.',
    ],
    [
      { alerting: { inhibitRules: [{ source: {}, target: {}, equal: 'alertname' }] } },
      '`alerting.inhibitRules[0].equal` must be a list of label names; got the string "alertname".',
    ],
    // What is left out
    [
      { diagnostics: { flightRecorder: {} } },
      '`diagnostics.flightRecorder.file` must be the path of a file; got undefined.',
    ],
    [
      { exporters: { otlp: { compression: null } } },
      '`exporters.otlp.compression` must be gzip or none; got null.',
    ],
    [
      { diagnostics: { flightRecorder: true } },
      '`diagnostics.flightRecorder` must be an object of options, or false to turn it off; got true.',
    ],
    // Secrets
    [
      { endpoints: { auth: { bearerToken: 'planted\n' } } },
      '`endpoints.auth.bearerToken` must have no space at its ends and no line break; its value is not shown. Trim it.',
    ],
  ])('%#: %p', (options, message) => {
    stubEnv('DD_API_KEY', undefined);
    expect(refusalOf(options)).toBe(message);
  });

  it.each<[object, string, string]>([
    [{ auth: {} }, 'auth', 'endpoints.auth'],
    [{ slowRequestThresholdMs: 5 }, 'slowRequestThresholdMs', 'http.slowRequestThresholdMs'],
    [{ otlp: {} }, 'otlp', 'exporters.otlp'],
    [{ rules: [] }, 'rules', 'alerting.rules'],
    [{ websocket: false }, 'websocket', 'webSocket'],
  ])('at the wrong place, with the right one: %j', (options, key, place) => {
    const message = refusalOf(options);
    expect(message).toMatch(`Unknown key \`${key}\` in ${MODULE}`);
    expect(message).toMatch(new RegExp(`Did you mean \`${place.replace('.', '\\.')}\`\\?$`));
  });

  it('as the options themselves, too', () => {
    const given = (options: unknown) => () => MonitoringModule.forRoot(options as MonitoringOptions);
    expect(given(Promise.resolve({}))).toThrow(
      'got a Promise. Await it, or use MonitoringModule.forRootAsync().',
    );
    expect(given(() => ({}))).toThrow('The options of MonitoringModule must be an object; got a function.');
    expect(given(null)).toThrow('The options of MonitoringModule must be an object; got null.');
  });
});

describe('options of an odd shape that are good', () => {
  class Options {
    readonly http = false;

    get rpc(): boolean {
      return false;
    }
  }
  const frozen = Object.freeze({ http: Object.freeze({ buckets: Object.freeze([1, 2]) }) });

  it.each<[string, object, object]>([
    ['an instance of a class, with a getter', new Options(), { http: false, rpc: false }],
    ['frozen ones', frozen, { http: { buckets: [1, 2] } }],
    ['a proxy', new Proxy({ http: false }, {}), { http: false }],
    ['without a prototype', Object.assign(Object.create(null) as object, { http: false }), { http: false }],
  ])('are taken: %s', (_, options, resolved) => {
    expect(resolveOptions(options)).toMatchObject(resolved);
  });
});
