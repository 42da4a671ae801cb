// Prints the CPU that finding databases and caches adds to one scrape of an application with so many providers.
await import('reflect-metadata');
const { NestFactory } = await import('@nestjs/core');
const { Injectable, Logger, Module } = await import('@nestjs/common');
const { MetricsRegistry, MonitoringModule } = await import('nestjs-monitoring');

const WARM_UP = 50;
const SCRAPES = 200;
const count = Number(process.argv[2]);

/** As services are: some of what they hold is injected, some is their own. */
function makeServices() {
  const services = [];
  for (let number = 0; number < count; number++) {
    const Service = class {
      constructor(previous) {
        this.previous = previous;
        this.logger = new Logger(`Service${number}`);
        this.cache = new Map();
        this.settings = { retries: 3, hosts: ['a', 'b'] };
        this.pending = [];
        this.count = number;
      }
    };
    Object.defineProperty(Service, 'name', { value: `Service${number}` });
    Injectable()(Service);
    Reflect.defineMetadata('design:paramtypes', number === 0 ? [Object] : [services[number - 1]], Service);
    if (number === 0) Reflect.defineMetadata('self:paramtypes', [{ index: 0, param: 'SETTINGS' }], Service);
    services.push(Service);
  }
  return services;
}

async function costOfScrape(collectors) {
  class AppModule {}
  Module({
    imports: [MonitoringModule.forRoot({ collectors: { system: false, runtime: false, ...collectors } })],
    providers: [{ provide: 'SETTINGS', useValue: {} }, ...makeServices()],
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
