// Prints what it costs to import the package that the first argument names, once Nest is there anyway.
import 'reflect-metadata';
import '@nestjs/core';

const rssBefore = process.memoryUsage.rss();
const startedAt = performance.now();
await import(process.argv[2]);
console.log(
  JSON.stringify({
    ms: performance.now() - startedAt,
    mb: (process.memoryUsage.rss() - rssBefore) / 2 ** 20,
  }),
);
