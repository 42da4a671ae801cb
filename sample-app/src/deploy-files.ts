import 'reflect-metadata';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { NestFactory } from '@nestjs/core';
import { SchedulerRegistry } from '@nestjs/schedule';
import { AlertingMonitor, MetricsRegistry } from 'nestjs-monitoring';
import { grafanaDashboards } from 'nestjs-monitoring/grafana';
import { AppModule } from './app.module.js';

// Writes what is made of the application itself: its dashboards for Grafana, and its alert rules for Prometheus.
const folder = process.argv[2] ?? 'sample-app/deploy';
const app = await NestFactory.createApplicationContext(AppModule, { logger: ['warn', 'error', 'fatal'] });
// A job that runs by chance would add its metrics to the files.
for (const job of app.get(SchedulerRegistry).getCronJobs().values()) await job.stop();

const rules = { group: 'enterprise-land', matchers: { job: 'enterprise-land' } };
await write('rules.yml', app.get(AlertingMonitor).toPrometheusRules(rules));
for (const [name, dashboard] of Object.entries(await grafanaDashboards(app.get(MetricsRegistry)))) {
  await write(join('grafana/dashboards', `${name}.json`), `${JSON.stringify(dashboard, null, 2)}\n`);
}
await app.close();

async function write(name: string, content: string): Promise<void> {
  const file = join(folder, name);
  await mkdir(join(file, '..'), { recursive: true });
  await writeFile(file, content);
  console.log(file);
}
