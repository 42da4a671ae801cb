import 'reflect-metadata';
import { setTimeout as sleep } from 'node:timers/promises';
import { Controller, Get } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { MonitoringModule } from 'nestjs-monitoring';
import { RequestRecords } from 'nestjs-monitoring/diagnostics';
import { textOf } from '../../support/http-text.mjs';

/** An application that serves a slow request and some that fail, and then ends in the way that its arguments say. */
const { adapter, crashFile, end, routes } = JSON.parse(process.argv[2]);
const PADDING = routes > 1 ? 'x'.repeat(900) : 'x';

class OrderError extends Error {}

class Orders {
  async slow() {
    await sleep(60);
    return 'slow';
  }

  broken() {
    throw new OrderError("order '471147114711' has no owner");
  }
}

const brokenPath = (route) => `broken/${route}/${PADDING}`;
const handles = (name, path) =>
  Get(path)(Orders.prototype, name, Object.getOwnPropertyDescriptor(Orders.prototype, name));
Controller('orders')(Orders);
handles('slow', 'slow');
handles(
  'broken',
  Array.from({ length: routes }, (_, i) => brokenPath(i)),
);

const { ExpressAdapter, FastifyAdapter } = await import(`@nestjs/platform-${adapter}`);
const monitoring = MonitoringModule.forRoot({ requests: { records: { sampleRate: 1, crashFile } } });
const module = { module: class App {}, imports: [monitoring], controllers: [Orders] };
const app = await NestFactory.create(module, new (ExpressAdapter ?? FastifyAdapter)(), { logger: ['warn'] });
await app.listen(0, '127.0.0.1');
const url = `http://127.0.0.1:${app.getHttpServer().address().port}/orders`;
for (const path of ['slow?secret=hunter', ...Array.from({ length: routes }, (_, i) => brokenPath(i))]) {
  await textOf(`${url}/${path}`);
}
const expected = Math.min(routes, 200);
while (app.get(RequestRecords).find({ list: 'failures', limit: expected }).length < expected) await sleep(5);

function lost() {
  return new OrderError("user 'Ada' not found", { cause: new RangeError('x') });
}

function throwLater(thrown) {
  setImmediate(() => {
    throw thrown;
  });
}

const ENDS = {
  throw: () => throwLater(lost()),
  'throw text': () => throwLater('lost'),
  'throw null': () => throwLater(null),
  'throw hostile': () =>
    throwLater(
      Object.defineProperty(lost(), 'message', {
        get() {
          throw new Error('no');
        },
      }),
    ),
  'throw and exit': () => {
    process.on('uncaughtException', () => process.exit(7));
    throwLater(lost());
  },
  'throw twice and survive once': () => {
    process.once('uncaughtException', () => throwLater(lost()));
    throwLater(new RangeError('x'));
  },
  'throw elsewhere': () => {
    process.chdir('/');
    throwLater(lost());
  },
  'throw and survive': () => {
    process.on('uncaughtException', () => setTimeout(() => process.exit(0), 50));
    throwLater(lost());
  },
  reject: () => void Promise.reject(lost()),
  'reject and exit': () => {
    process.on('unhandledRejection', () => process.exit(4));
    void Promise.reject(lost());
  },
  exit: () => process.exit(3),
  close: async () => {
    await app.close();
    process.exit();
  },
  signal: () => process.kill(process.pid, 'SIGTERM'),
};
void ENDS[end]();
