// Prints the CPU that finding databases and caches adds to one scrape of an application with so many providers.
await import('reflect-metadata');
const { NestFactory } = await import('@nestjs/core');
const { Module } = await import('@nestjs/common');
const { MetricsRegistry, MonitoringModule } = await import('nestjs-monitoring');
const { makeServices } = await import('./services.mjs');

const WARM_UP = 50;
const SCRAPES = 200;
const count = Number(process.argv[2]);

async function costOfScrape(collectors) {
  class AppModule {}
  Module({
    imports: [MonitoringModule.forRoot({ collectors: { system: false, runtime: false, ...collectors } })],
    providers: makeServices(count),
  })(AppModule);
  const app = await NestFactory.createApplicationContext(AppModule, { logger: false });
  const registry = app.get(MetricsRegistry);
  const costs = [];
  for (let scrape = 0; scrape < WARM_UP + SCRAPES; scrape++) {
    const before = process.cpuUsage();
    await registry.collect();
    const { user, system } = process.cpuUsage(before);
    if (scrape >= WARM_UP) costs.push((user + system) / 1e3);
    await new Promise((resolve) => setImmediate(resolve));
  }
  await app.close();
  return costs.toSorted((a, b) => a - b)[SCRAPES / 2];
}

const without = await costOfScrape({ database: false, cache: false });
const all = await costOfScrape({});
console.log(JSON.stringify({ ms: all - without }));
