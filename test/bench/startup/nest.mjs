// Prints the CPU that a Nest app takes to start: `bare`, with the default metrics of `prom-client`, or `monitored`; with so
// many providers as the second argument says.
const before = process.cpuUsage();
await import('reflect-metadata');
const { NestFactory } = await import('@nestjs/core');
const { Module } = await import('@nestjs/common');
const [subject, count] = process.argv.slice(2);
const imports = [];
if (subject === 'prom-client') {
  const { collectDefaultMetrics } = await import('prom-client');
  collectDefaultMetrics();
}
if (subject === 'monitored') {
  const { MonitoringModule } = await import('nestjs-monitoring');
  imports.push(MonitoringModule.forRoot());
}
const { makeServices } = await import('./services.mjs');
class AppModule {}
Module({ imports, providers: makeServices(Number(count)) })(AppModule);
const app = await NestFactory.create(AppModule, { logger: false });
await app.listen(0, '127.0.0.1');
const { user, system } = process.cpuUsage(before);
// What the start leaves for later is memory, too.
await new Promise((resolve) => setTimeout(resolve, 1_000));
console.log(JSON.stringify({ ms: (user + system) / 1_000, mb: process.memoryUsage.rss() / 2 ** 20 }));
await app.close();
