import type { INestApplicationContext, ModuleMetadata, Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { MetricsRegistry, MonitoringModule, type MonitoringOptions } from 'nestjs-monitoring';
import { seriesOf } from '../e2e/fixture/start-app.js';
import { FakeClock } from '../metrics/support.js';

/** An application without a server, whose time the test owns. */
export interface MeasuredApp {
  readonly app: INestApplicationContext;
  readonly registry: MetricsRegistry;
  readonly clock: FakeClock;
}

const running: INestApplicationContext[] = [];

/** Starts an application of these providers, or of what a module has. */
export async function startMeasured(
  more: readonly Type[] | ModuleMetadata = {},
  options: MonitoringOptions = {},
): Promise<MeasuredApp> {
  const clock = new FakeClock();
  const metadata: ModuleMetadata = 'length' in more ? { providers: [...more] } : more;
  const monitoring = MonitoringModule.forRoot({
    clock,
    collectors: { runtime: false, system: false, api: false },
    ...options,
  });
  const app = await startPlain({ ...metadata, imports: [monitoring, ...(metadata.imports ?? [])] });
  return { app, registry: app.get(MetricsRegistry), clock };
}

/** Starts an application that may be without monitoring. */
export async function startPlain(metadata: ModuleMetadata): Promise<INestApplicationContext> {
  const app = await NestFactory.createApplicationContext(
    { module: class AppModule {}, ...metadata },
    { logger: false, abortOnError: false },
  );
  running.push(app);
  return app;
}

/** To be called after each test: later tests must not find the applications of earlier ones. */
export async function closeAll(): Promise<void> {
  await Promise.all(running.splice(0).map((app) => app.close()));
}

/** What is not zero of a metric: `{ 'outcome=success': 1 }`; of a histogram how often it was observed. */
export function counts(registry: MetricsRegistry, name: string): Record<string, number> {
  return Object.fromEntries(
    seriesOf(registry, name)
      .filter(({ value }) => value !== 0)
      .map(({ labels, value }) => [
        Object.entries(labels)
          .map(([label, text]) => `${label}=${text}`)
          .join(' '),
        value,
      ]),
  );
}
