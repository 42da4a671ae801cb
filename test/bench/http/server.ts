// One application in a process of its own: says where it listens, and how much CPU time it has used when asked.
import 'reflect-metadata';
import { type AdapterName, subjects } from './subjects.js';

const [name, adapter] = process.argv.slice(2);
const subject = subjects.find((candidate) => candidate.name === name);
if (subject === undefined) throw new Error(`There is no subject ${name}.`);
const app = await subject.start(adapter as AdapterName);
process.on('message', () => process.send?.(process.cpuUsage()));
process.on('disconnect', () => void app.close());
process.send?.(await app.getUrl());
