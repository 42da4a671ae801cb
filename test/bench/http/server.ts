// Applications in a process of their own: says where they listen, and how much CPU time the process has used when asked.
import 'reflect-metadata';
import type { INestApplication } from '@nestjs/common';
import { type AdapterName, byName } from './subjects.js';

const [adapter, ...names] = process.argv.slice(2);
const apps: INestApplication[] = [];
for (const name of names) {
  const subject = byName(name);
  if (subject === undefined) throw new Error(`There is no subject ${name}.`);
  apps.push(await subject.start(adapter as AdapterName));
}
process.on('message', () => process.send?.(process.cpuUsage()));
process.on('disconnect', () => void Promise.all(apps.map((app) => app.close())));
process.send?.(await Promise.all(apps.map((app) => app.getUrl())));
