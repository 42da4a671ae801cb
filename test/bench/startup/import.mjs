// Prints what it costs to import the package that the first argument names, once Nest is there anyway.
import 'reflect-metadata';
import '@nestjs/common';
import '@nestjs/core';
import '@nestjs/platform-express';

const rssBefore = process.memoryUsage.rss();
const before = process.cpuUsage();
await import(process.argv[2]);
const { user, system } = process.cpuUsage(before);
console.log(
  JSON.stringify({
    ms: (user + system) / 1_000,
    mb: (process.memoryUsage.rss() - rssBefore) / 2 ** 20,
  }),
);
