import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { OtlpExporter } from 'nestjs-monitoring/exporters';
import { FixtureModule, WITHOUT_COLLECTORS } from '../../e2e/fixture/fixture.module.js';
import { ADAPTERS, type RunningApp, startApp } from '../../e2e/fixture/start-app.js';
import { OtlpServer } from '../../exporters/otlp/otlp.server.js';

interface ShownCheck {
  readonly status: string;
  readonly message: string;
  readonly details?: unknown;
}

async function shown(
  app: RunningApp,
): Promise<{ status: number; check: ShownCheck | undefined; stopped: number[] }> {
  const { status, body } = await app.get('/health');
  const { checks } = JSON.parse(body) as { checks: Record<string, ShownCheck> };
  const stopped = (await app.samples('monitoring_exporter_stopped')).map(({ value }) => value);
  return { status, check: checks['exporters'], stopped };
}

describe.each(ADAPTERS)('an exporter that its remote refuses, on %s', (adapter) => {
  let remote: OtlpServer;
  let running: RunningApp | undefined;
  beforeEach(async () => {
    remote = await new OtlpServer().start();
  });
  afterEach(async () => {
    await running?.close();
    running = undefined;
    await remote.stop();
  });

  async function start(): Promise<RunningApp> {
    running = await startApp(
      adapter,
      FixtureModule.with({
        ...WITHOUT_COLLECTORS,
        health: { cacheMs: 0 },
        // Of the interval no push comes between: one of each full minute might.
        exporters: {
          otlp: { url: `${remote.url}/v1/metrics`, intervalMs: 3_600_000, shutdownTimeoutMs: 100 },
        },
      }),
    );
    return running;
  }

  it.each([401, 403, 301, 302, 308])(
    'with status %i is stopped in the metrics and degraded in health until the remote accepts it again',
    async (refusal) => {
      const headers = refusal < 400 ? { location: 'http://127.0.0.1:9/login' } : {};
      remote.troubles.push({ status: refusal, headers });
      const app = await start();
      const exporter = app.app.get(OtlpExporter);
      await expect(exporter.exportAll()).rejects.toThrow();
      const refused = await shown(app);
      expect(refused).toMatchObject({
        status: 200,
        stopped: [1],
        check: {
          status: 'degraded',
          message: expect.stringMatching(/^Exporter otlp has stopped: /),
        },
      });
      expect(refused.check?.details).toEqual({ stopped: ['otlp'] });
      expect((await app.get('/ready')).status).toBe(200);
      // By hand it is tried at once; by itself it would be after some minutes.
      await exporter.exportAll();
      expect(await shown(app)).toMatchObject({ status: 200, check: { status: 'healthy' }, stopped: [0] });
    },
  );
});
