import 'reflect-metadata';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { NestFactory } from '@nestjs/core';
import { grafanaDashboards, MetricsRegistry } from 'nestjs-monitoring';
import { AppModule } from './app.module.js';

/** Where Grafana is told to look for them, see `deploy/compose.yaml`. */
const FOLDER = process.argv[2] ?? 'sample-app/deploy/grafana/dashboards';

const app = await NestFactory.createApplicationContext(AppModule, { logger: ['warn', 'error', 'fatal'] });
await mkdir(FOLDER, { recursive: true });
for (const [name, dashboard] of Object.entries(await grafanaDashboards(app.get(MetricsRegistry)))) {
  const file = join(FOLDER, `${name}.json`);
  await writeFile(file, `${JSON.stringify(dashboard, null, 2)}\n`);
  console.log(file);
}
await app.close();
