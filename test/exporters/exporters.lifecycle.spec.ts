import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Controller, Get, type Type } from '@nestjs/common';
import { ScheduleModule, SchedulerRegistry } from '@nestjs/schedule';
import { MonitoringModule } from 'nestjs-monitoring';
import { JsonExporter, type JsonMetrics } from 'nestjs-monitoring/exporters';
import { ExportersLifecycle } from '../../lib/exporters/exporters.lifecycle.js';
import { ADAPTERS, createApp, eventually, seriesOf, startApp } from '../e2e/fixture/start-app.js';

@Controller()
class DealsController {
  @Get('deals')
  list(): string[] {
    return [];
  }
}

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'nestjs-monitoring-exporters-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

function moduleWith(exporters: object, imports: Type[] = [], more: object = {}) {
  return {
    module: class AppModule {},
    imports: [MonitoringModule.forRoot({ exporters, ...more }), ...imports.map((type) => ({ module: type }))],
    controllers: [DealsController],
  };
}

async function written(): Promise<JsonMetrics> {
  return JSON.parse(await readFile(join(folder, 'metrics.json'), 'utf8')) as JsonMetrics;
}

describe.each(ADAPTERS)('the exporters of an application on %s', (adapter) => {
  it('push once per interval, and a last time after the last request', async () => {
    const outputFile = join(folder, 'metrics.json');
    const running = await startApp(adapter, moduleWith({ json: { outputFile, intervalMs: 50 } }));
    await running.get('/deals');
    await eventually(async () => {
      expect((await written()).metrics['http_requests_total']?.series).toMatchObject([{ value: 1 }]);
    }, 10_000);
    expect(seriesOf(running.registry, 'monitoring_exporter_failures_total')).toEqual([
      { labels: { exporter: 'json' }, value: 0 },
    ]);
    await running.get('/deals');
    await running.recorded(2);
    await running.close();
    expect((await written()).metrics['http_requests_total']?.series).toMatchObject([{ value: 2 }]);
  });

  it('report failures while the application keeps serving', async () => {
    const outputFile = join(folder, 'none', 'metrics.json');
    const running = await startApp(
      adapter,
      moduleWith({ json: { outputFile, intervalMs: 20, shutdownTimeoutMs: 50 } }),
    );
    await eventually(async () => {
      const [failures] = await running.samples('monitoring_exporter_failures_total');
      expect(failures?.value).toBeGreaterThan(0);
    }, 10_000);
    expect((await running.get('/deals')).status).toBe(200);
    await running.close();
  });
});

describe('the exporters of an application', () => {
  it('are injected, or null where they are off', async () => {
    const outputFile = join(folder, 'metrics.json');
    const on = await createApp('express', moduleWith({ json: { outputFile } }));
    const off = await createApp('express', moduleWith({ json: false }));
    const disabled = await createApp('express', moduleWith({ json: { outputFile } }, [], { enabled: false }));
    expect(on.get(JsonExporter)).toBeInstanceOf(JsonExporter);
    expect([off.get(JsonExporter), disabled.get(JsonExporter)]).toEqual([null, null]);
    await Promise.all([on, off, disabled].map((app) => app.close()));
  });

  it('have named timers in the SchedulerRegistry while the application runs', async () => {
    const outputFile = join(folder, 'metrics.json');
    const { module } = ScheduleModule.forRoot();
    const running = await startApp('express', {
      ...moduleWith({ json: { outputFile } }),
      imports: [MonitoringModule.forRoot({ exporters: { json: { outputFile } } }), ScheduleModule.forRoot()],
    });
    expect(module).toBe(ScheduleModule);
    const scheduler = running.app.get(SchedulerRegistry);
    expect(scheduler.getIntervals()).toContain('monitoring.exporter.json');
    await running.close();
    expect(scheduler.getIntervals()).toEqual([]);
  });

  it('keep the application from starting if a package is missing', async () => {
    const lifecycle = new ExportersLifecycle([
      {
        open: () => Promise.reject(new Error('Run "npm install sdk".')),
        start: () => undefined,
        flush: () => Promise.resolve(),
        shutdown: () => Promise.resolve(),
      },
    ]);
    await expect(lifecycle.open()).rejects.toThrow('Run "npm install sdk".');
  });

  it.each<[object, string]>([
    [{ json: {} }, '`exporters.json.outputFile` must be a file path; got none.'],
    [{ json: true }, '`exporters.json` must be an object of options, or false to turn it off; got true.'],
    [{ statsd: {} }, 'Known keys: prometheus, json'],
  ])('are refused as %j', async (exporters, message) => {
    await expect(createApp('express', moduleWith(exporters))).rejects.toThrow(message);
  });
});
