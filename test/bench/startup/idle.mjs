// Prints the share of a core that an idle Nest app takes over so many seconds: `bare`, monitored as in `production`, or as
// in `development`, where the event loop is watched as well.
await import('reflect-metadata');
const { NestFactory } = await import('@nestjs/core');
const { Module } = await import('@nestjs/common');
const [subject, seconds] = process.argv.slice(2);
const imports = [];
if (subject !== 'bare') {
  process.env.NODE_ENV = subject;
  const { MonitoringModule } = await import('nestjs-monitoring');
  imports.push(MonitoringModule.forRoot());
}
class AppModule {}
Module({ imports })(AppModule);
const app = await NestFactory.create(AppModule, { logger: false });
await app.listen(0, '127.0.0.1');
const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
// What the start leaves for later is not idle: V8 collects its garbage within a minute.
await wait(Math.min(60, seconds) * 1_000);
const before = process.cpuUsage();
await wait(seconds * 1_000);
const { user, system } = process.cpuUsage(before);
console.log(JSON.stringify({ percent: (user + system) / 1e4 / seconds }));
await app.close();
