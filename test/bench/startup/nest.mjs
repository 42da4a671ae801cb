// Prints the CPU that a Nest app takes to start: `bare`, with the default metrics of `prom-client`, or `monitored`.
const before = process.cpuUsage();
await import('reflect-metadata');
const { NestFactory } = await import('@nestjs/core');
const { Module } = await import('@nestjs/common');
const imports = [];
if (process.argv[2] === 'prom-client') {
  const { collectDefaultMetrics } = await import('prom-client');
  collectDefaultMetrics();
}
if (process.argv[2] === 'monitored') {
  const { MonitoringModule } = await import('nestjs-monitoring');
  imports.push(MonitoringModule.forRoot());
}
class AppModule {}
Module({ imports })(AppModule);
const app = await NestFactory.create(AppModule, { logger: false });
await app.listen(0, '127.0.0.1');
const { user, system } = process.cpuUsage(before);
// What the start leaves for later is memory, too.
await new Promise((resolve) => setTimeout(resolve, 1_000));
console.log(JSON.stringify({ ms: (user + system) / 1_000, mb: process.memoryUsage.rss() / 2 ** 20 }));
await app.close();
