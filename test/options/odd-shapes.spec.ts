import { writeFileSync } from 'node:fs';
import { it } from '@jest/globals';
import { NestFactory } from '@nestjs/core';
import { MonitoringModule } from 'nestjs-monitoring';

class Opts { http = false; get rpc() { return false; } }
const shapes: [string, unknown][] = [
  ...[
    { defaultLabels: 'x' }, { defaultLabels: null }, { defaultLabels: ['a'] }, { defaultLabels: { a: null } }, { defaultLabels: { a: {} } }, { defaultLabels: new Map([['a', 'b']]) },
    { labelValueLengthLimit: 0 }, { conventions: 'OTEL' }, { conventions: true }, { cluster: { id: '' } }, { cluster: 'auto' },
    { dashboard: { prometheus: 'http://p' } }, { dashboard: { prometheus: { url: 'p:9090' } } }, { dashboard: { url: 'http://p' } }, { dashboard: { prometheus: { url: 'http://p', timeoutMs: '5s' } } }, { dashboard: { prometheus: true } },
    { http: { buckets: ['0.1'] } }, { http: { slowRequestThresholdMs: '1s' } }, { http: { slowRequestThresholdMs: '1000' } }, { http: { ignoreRoutes: [null] } }, { http: { buckets: [NaN] } }, { http: { buckets: new Set([1]) } }, { http: { buckets: new Float64Array([1, 2]) } },
    { requests: { records: { sampleRate: '0.1' } } }, { requests: { records: { sampleRate: 20 } } }, { requests: { sampleRate: 1 } }, { requests: { records: { crashFile: true } } },
    { errors: { records: 200 } }, { diagnostics: { flightRecorder: true } }, { diagnostics: { flightRecorder: {} } }, { diagnostics: { flightRecorder: { file: 'a', bytes: '1MB' } } }, { diagnostics: { profiles: { signal: 'SIGUSR2' } } }, { diagnostics: { profiles: { signal: true } } }, { diagnostics: { blockedLoop: 100 } }, { diagnostics: { blockedloop: {} } },
    { logs: 'info' }, { logs: { level: 'warn' } }, { jobs: { bullMQ: false } }, { rpc: { buckets: {} } }, { websocket: false }, { graphQL: false },
    { collectors: { runtime: { gc: 5000 } } }, { collectors: { runtime: { intervalMs: 5 } } }, { collectors: { system: { intervalMs: '10s' } } }, { collectors: { database: { intervalMs: 0 } } }, { collectors: ['runtime'] }, { collectors: { build: { version: 1 } } }, { collectors: { redis: {} } },
    { business: { isLeader: true } }, { business: false }, { exporters: { datadog: true } }, { exporters: { datadog: {} } }, { exporters: { cloudwatch: {} } }, { exporters: { cloudWatch: {} } }, { exporters: { otlp: { url: 'localhost:4318' } } }, { exporters: { otlp: { intervalMs: '60000' } } }, { exporters: { otlp: { protocol: 'grpc' } } }, { exporters: { otlp: { compression: null } } }, { exporters: { pushgateway: { url: 'http://p' } } }, { exporters: { remoteWrite: { url: 'http://u:p@h' } } }, { exporters: { remoteWrite: {} } }, { exporters: { json: { outputFile: 'a', rotation: { maxBytes: '10MB' } } } }, { exporters: { otlp: { metrics: 'http_*' } } }, { exporters: { prometheus: false } }, { exporters: ['otlp'] }, { exporters: 'otlp' },
    { exporters: { datadog: { apiKey: 'k', site: 'datadoghq' } } }, { exporters: { datadog: { apiKey: 'k', intervalMs: '60000' } } }, { exporters: { datadog: { apiKey: 'k', tags: ['a:b'] } } },
    { bridges: { promClient: true } }, { bridges: { openTelemetry: 'yes' } }, { history: { retentionMs: '1h' } }, { history: { retention: 1 } }, { history: { maxBytes: '32MB' } },
    { health: { checks: {} } }, { health: { checks: [null] } }, { health: { checks: [{ name: 'x' }] } }, { health: { checks: [{ check() {} }] } }, { health: { builtIn: { database: 'critical' } } }, { health: { builtIn: { db: false } } }, { health: { builtIn: { disk: { degradedPercent: '80' } } } }, { health: { cacheMs: '1000' } }, { health: { httpStatus: 503 } }, { health: { groups: { readiness: [1] } } }, { health: { alerts: { status: 'warning' } } }, { health: { alerts: { severities: ['page'] } } }, { health: { drainDelayMs: '5s' } },
    { thresholds: { cpu: 80 } }, { thresholds: { cpu_percent: '80%' } }, { thresholds: { cpu_percent: '80' } }, { thresholds: { cpu_percent: NaN } }, { thresholds: { cpu_percent: null } }, { thresholds: { cpu_percent: true } }, { thresholds: { cpu_percent: { warn: 1 } } }, { thresholds: [80] },
    { alerting: { rules: {} } }, { alerting: { rules: [null] } }, { alerting: { rules: ['x'] } }, { alerting: { rules: [{}] } }, { alerting: { rules: [{ name: 'a' }] } }, { alerting: { rules: [{ name: 'a', condition: 'x > 1' }] } }, { alerting: { handlers: 'slack' } }, { alerting: { handlers: [null] } }, { alerting: { handlers: [{}] } }, { alerting: { handlers: [{ handler: () => 0, labels: { a: 'b' } }] } }, { alerting: { handlers: [{ handler: null }] } }, { alerting: { inhibitRules: [{}] } }, { alerting: { inhibitRules: [null] } }, { alerting: { stateFile: true } }, { alerting: { intervalMs: 15 }, history: { intervalMs: 1000 } },
    { clock: Date.now }, Object.defineProperty({}, 'http', { enumerable: true, get() { throw new Error('no config'); } }),
    new Proxy({}, { ownKeys() { throw new Error('sealed'); } }), new Proxy({ http: 5 }, {}), Object.freeze({ http: Object.freeze({ buckets: Object.freeze([1, 0]) }) }), new Opts(),
    { endpoints: { auth: { guard: 'x' } } }, { endpoints: { auth: { bearerToken: 'a\n' } } }, { endpoints: { auth: true } }, { exemplars: 1 }, { seriesLimit: Infinity }, { seriesLimit: 10n }, { seriesLimit: Symbol('x') }, { seriesLimit: new Number(5) }, { endpoints: { metrics: 9090 } }, { endpoints: { metrics: 'http://x/metrics' } }, { endpoints: { useGlobalPrefix: 'true' } }, { endpoints: { failedAuth: 5 } },
    { http: Promise.resolve({}) }, { collectors: new Map() }, { slowRequestThresholdMs: 5 }, { prometheus: {} }, { metrics: false }, { alerts: {} }, { auth: {} }, { outgoingHTTP: false }, { enabled: 'false' }, { enabled: 0 },
    { outgoingHttp: { ignoreHosts: [new URL('http://a')] } }, { graphql: { operationNames: [1] } },
  ].map((s): [string, unknown] => { let t: string; try { t = JSON.stringify(s, (_, v) => typeof v === 'bigint' || typeof v === 'symbol' ? String(v) : v) } catch { t = '?' } return [t, s]; }),
  ['Promise', Promise.resolve({ http: false })], ['null', null], ['function', () => ({})], ['class', Opts], ['array', []], ['Date', new Date()],
];
it('dump', async () => {
  const lines: string[] = [];
  for (const [name, shape] of shapes) {
    let said = 'ACCEPTED';
    try {
      class Root {}
      const app = await NestFactory.createApplicationContext({ module: Root, imports: [MonitoringModule.forRoot(shape as never)] }, { logger: false, abortOnError: false });
      await app.close();
    } catch (e) { said = `${(e as Error).name}: ${(e as Error).message}`; }
    lines.push(`${name}\n    ${said}`);
  }
  for (const [n, f] of [['undefined', () => undefined], ['promise of promise', async () => Promise.resolve(undefined)], ['string', () => 'x'], ['Map', () => new Map()]] as const) {
    let said = 'ACCEPTED';
    try {
      class Root {}
      const app = await NestFactory.createApplicationContext({ module: Root, imports: [MonitoringModule.forRootAsync({ useFactory: f as never })] }, { logger: false, abortOnError: false });
      await app.close();
    } catch (e) { said = `${(e as Error).name}: ${(e as Error).message}`; }
    lines.push(`async ${n}\n    ${said}`);
  }
  writeFileSync('/tmp/options/odd.txt', lines.join('\n'));
}, 300_000);
