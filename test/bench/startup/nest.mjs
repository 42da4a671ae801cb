// Prints how long a Nest app takes to start: `bare`, or `monitored` by MonitoringModule.
const startedAt = performance.now();
await import('reflect-metadata');
const { NestFactory } = await import('@nestjs/core');
const { Module } = await import('@nestjs/common');
const imports = [];
if (process.argv[2] === 'monitored') {
  const { MonitoringModule } = await import('nestjs-monitoring');
  imports.push(MonitoringModule.forRoot());
}
class AppModule {}
Module({ imports })(AppModule);
const app = await NestFactory.create(AppModule, { logger: false });
await app.listen(0, '127.0.0.1');
console.log(JSON.stringify({ ms: performance.now() - startedAt, mb: process.memoryUsage.rss() / 2 ** 20 }));
await app.close();
