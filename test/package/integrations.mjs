import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from './commands.mjs';

/** The versions of the optional peers of Nest that an application on Nest 11 may have. */
const ON_NEST_11 = [
  { terminus: 11, schedule: 5 },
  { terminus: 11, schedule: 6 },
];
/** Those of later versions of Nest. */
const ON_NEST_12 = [{ terminus: 12, schedule: 12 }];

/**
 * Checks an application with `@nestjs/terminus`, `@nestjs/schedule` and controllers, with its own test runner.
 *
 * @param {import('./checklist.mjs').Checklist} checklist
 * @param {string} name
 * @param {string} cwd
 * @param {number} major the major version of the Nest CLI that has made the application
 */
export async function checkIntegrations(checklist, name, cwd, major) {
  const spec = join(cwd, 'src/integrations.spec.ts');
  writeFileSync(spec, SPEC);
  for (const { terminus, schedule } of major < 12 ? ON_NEST_11 : ON_NEST_12) {
    await checklist.check(
      `${name}: works with controllers, terminus ${terminus} and schedule ${schedule}`,
      async () => {
        const peers = [`@nestjs/terminus@${terminus}`, `@nestjs/schedule@${schedule}`];
        await run('npm', ['install', '--no-audit', '--no-fund', '--loglevel=error', ...peers], { cwd });
        await run('npm', ['test', '--', 'src/integrations.spec.ts'], { cwd });
      },
    );
  }
  rmSync(spec);
}

const SPEC = `import { Controller, Injectable } from '@nestjs/common';
import { Interval, ScheduleModule, SchedulerRegistry } from '@nestjs/schedule';
import { HealthCheckService, TerminusModule } from '@nestjs/terminus';
import { Test, TestingModule } from '@nestjs/testing';
import {
  HealthController,
  HealthMonitor,
  MonitoringHealthIndicator,
  MonitoringModule,
  PrometheusExporter,
} from 'nestjs-monitoring';

/** What a test takes on a busy machine: much longer than its runner would wait. */
const PATIENCE_MS = 120_000;

@Controller('internal/health')
class InternalHealthController extends HealthController {}

@Injectable()
class Jobs {
  @Interval('sweep', 10)
  sweep(): void {}
}

describe('an application with terminus and schedule', () => {
  let module: TestingModule;

  beforeAll(async () => {
    module = await Test.createTestingModule({
      imports: [
        MonitoringModule.forRoot({ collectors: { system: false } }),
        ScheduleModule.forRoot(),
        TerminusModule.forRoot({ logger: false }),
      ],
      providers: [Jobs],
    }).compile();
    await module.init();
  }, PATIENCE_MS);

  afterAll(() => module.close());

  it('has an indicator that is up, and down while a check fails', async () => {
    const health = module.get(HealthCheckService);
    const monitoring = module.get(MonitoringHealthIndicator);
    const names = { checks: ['database', 'cache'] };
    const monitor = module.get(HealthMonitor);
    monitor.addCheck({ name: 'database', check: () => ({ status: 'healthy' as const }) });
    const removeCache = monitor.addCheck({ name: 'cache', check: () => ({ status: 'degraded' as const }) });

    const { info } = await health.check([() => monitoring.isHealthy('monitoring', names)]);
    expect(info).toMatchObject({ monitoring: { status: 'up', checks: { cache: { status: 'degraded' } } } });

    removeCache();
    monitor.addCheck({ name: 'cache', check: () => Promise.reject(new Error('gone')) });
    await expect(health.check([() => monitoring.isHealthy('monitoring', names)])).rejects.toMatchObject({
      status: 503,
      response: { status: 'error', error: { monitoring: { status: 'down', checks: { cache: { message: 'gone' } } } } },
    });
  }, PATIENCE_MS);

  it('has measured jobs, and names the timers of the package', async () => {
    const exporter = module.get(PrometheusExporter);
    const isMeasured = async (): Promise<boolean> =>
      (await exporter.generateText()).includes('scheduled_job_runs_total{job="sweep",');
    const deadline = Date.now() + PATIENCE_MS / 2;
    while (!(await isMeasured()) && Date.now() < deadline) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }

    expect(await isMeasured()).toBe(true);
    expect(module.get(SchedulerRegistry).getIntervals().join()).toContain('monitoring.');
  }, PATIENCE_MS);
});

describe('an application with controllers of the endpoints', () => {
  it('serves them below its prefix, and a subclass at its own path', async () => {
    const module = await Test.createTestingModule({
      imports: [MonitoringModule.forRoot({ endpoints: { controllers: true, metrics: 'ops/metrics' } })],
      controllers: [InternalHealthController],
    }).compile();
    const app = module.createNestApplication();
    app.setGlobalPrefix('api');
    await app.listen(0, '127.0.0.1');
    const url = await app.getUrl();
    for (const path of ['ops/metrics', 'health', 'ready', 'alive', 'startup', 'internal/health']) {
      const response = await fetch(\`\${url}/api/\${path}\`);
      expect([path, response.status]).toEqual([path, 200]);
    }
    await app.close();
  }, PATIENCE_MS);
});
`;
