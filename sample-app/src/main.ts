import 'reflect-metadata';
import type { INestApplication } from '@nestjs/common';
import { type AbstractHttpAdapter, NestFactory } from '@nestjs/core';
import { MonitoringServer } from 'nestjs-monitoring';
import { AppModule } from './app.module.js';
import { configureApp } from './app.setup.js';
import { type Adapter, readSettings, type Settings } from './settings/settings.js';

try {
  const settings = readSettings(process.env);
  const app = await start(settings);
  const url = await app.getUrl();
  console.log(whereToLook(url, app.get(MonitoringServer).url ?? url, settings));
} catch (error) {
  console.error(`EnterpriseLand cannot start: ${error instanceof Error ? error.message : String(error)}`);
  process.exit(1);
}

async function start(settings: Settings): Promise<INestApplication> {
  const app = await NestFactory.create(AppModule, await httpAdapter(settings.adapter), {
    abortOnError: false,
    logger: ['warn', 'error', 'fatal'],
  });
  configureApp(app);
  app.enableShutdownHooks();
  await app.listen(settings.port, settings.host);
  return app;
}

/** Only the adapter that is wanted is loaded. */
async function httpAdapter(adapter: Adapter): Promise<AbstractHttpAdapter> {
  if (adapter === 'fastify') {
    const { FastifyAdapter } = await import('@nestjs/platform-fastify');
    return new FastifyAdapter();
  }
  const { ExpressAdapter } = await import('@nestjs/platform-express');
  return new ExpressAdapter();
}

function whereToLook(
  url: string,
  monitoring: string,
  { adapter, databaseUrl, paymentsApiKey }: Settings,
): string {
  return `
EnterpriseLand runs on ${adapter}, with ${databaseUrl === undefined ? 'an embedded database' : 'PostgreSQL'}.

  the application   ${url}/api/deals
  metrics           ${monitoring}/metrics
  dashboard         ${monitoring}/metrics-dashboard
  health            ${monitoring}/health
  probes            ${monitoring}/ready  ${monitoring}/alive

  Payments want the header x-api-key: ${paymentsApiKey}
  To see something move: npm run load -- --url ${url}
  To stop: Ctrl+C
`;
}
