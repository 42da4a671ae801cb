import { type DynamicModule, type INestApplication, Module } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { MetricsRegistry, MonitoringModule } from 'nestjs-monitoring';

/** Starts an application with monitoring, and returns it with its registry, from which the history has read once. */
export async function monitoredApplication(
  definition: Omit<DynamicModule, 'module'>,
): Promise<{ app: INestApplication; registry: MetricsRegistry }> {
  @Module({})
  class AppModule {}
  const imports = [MonitoringModule.forRoot(), ...(definition.imports ?? [])];
  const testing = await Test.createTestingModule({
    imports: [{ module: AppModule, ...definition, imports }],
  }).compile();
  const app: INestApplication = await testing.createNestApplication({ logger: false }).init();
  const registry = app.get(MetricsRegistry);
  // The history has begun to collect; a scrape meanwhile would get the result of that.
  await registry.collect();
  return { app, registry };
}
