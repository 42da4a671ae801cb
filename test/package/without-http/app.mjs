// An application with monitoring and without an HTTP server of its own, or with more than one, of the kind that its
// arguments say. It does some work, ends, and has told at its end what it saw.
import 'reflect-metadata';
import { writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { Controller, Get } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { MonitoringModule, MetricsRegistry, MonitoringServer } from 'nestjs-monitoring';

const { kind, outputFile, toldFile, redisPort } = JSON.parse(process.argv[2]);

const told = { warnings: [] };
process.on('warning', ({ name, message }) => {
  if (name === 'MonitoringWarning') told.warnings.push(message);
});
process.on('exit', (code) => writeFileSync(toldFile, JSON.stringify({ ...told, exitCode: code })));

const OF_THE_MACHINE = { eventLoop: false, memory: false, disk: false };

/** A logger that keeps what somebody would have to look into. */
const logger = {
  log: () => undefined,
  warn: (message, context) => void told.warnings.push(`${context}: ${message}`),
  error: (message, ...rest) => void told.warnings.push([message, ...rest].join(' ')),
};

class OrdersController {
  find() {
    return { id: 7 };
  }
  place(order) {
    return `placed ${order}`;
  }
}
Controller('orders')(OrdersController);
Get(':id')(OrdersController.prototype, 'find', descriptorOf('find'));

function descriptorOf(name) {
  return Object.getOwnPropertyDescriptor(OrdersController.prototype, name);
}

/** The controllers need the packages of their transport, and the others do without. */
async function rootModule(options = {}, controllers = []) {
  const exporters = outputFile === undefined ? {} : { json: { outputFile } };
  return {
    module: class RootModule {},
    // What a machine lacks is a warning.
    imports: [MonitoringModule.forRoot({ exporters, health: { builtIn: OF_THE_MACHINE }, ...options })],
    controllers,
  };
}

async function withMessages() {
  const microservices = await import('@nestjs/microservices');
  microservices.MessagePattern('place')(OrdersController.prototype, 'place', descriptorOf('place'));
  return microservices;
}

function work(app) {
  app.get(MetricsRegistry).counter('work_total', 'Work.').inc(3);
}

async function contextOf(options) {
  return NestFactory.createApplicationContext(await rootModule(options), { logger });
}

/** Sends a message to the application. */
async function place({ ClientProxyFactory }, transport) {
  const client = ClientProxyFactory.create(transport);
  told.answer = await new Promise((resolve, reject) =>
    client.send('place', 'order 1').subscribe({ next: resolve, error: reject }),
  );
  await client.close();
}

async function microservice(microservices, transport) {
  const app = await NestFactory.createMicroservice(await rootModule({}, [OrdersController]), {
    ...transport,
    logger,
  });
  await app.listen();
  await place(microservices, transport.options.port === 0 ? tcp(microservices, portOf(app)) : transport);
  work(app);
  await app.close();
}

function portOf(server) {
  return server.unwrap().address().port;
}

function tcp({ Transport }, port) {
  return { transport: Transport.TCP, options: { host: '127.0.0.1', port } };
}

const KINDS = {
  async context() {
    const app = await contextOf();
    work(app);
    await app.close();
  },
  // Nothing of monitoring may keep a process alive.
  async 'context that is not closed'() {
    work(await contextOf());
  },
  async 'command with an exit code'() {
    const app = await contextOf();
    work(app);
    process.exitCode = 3;
    await app.close();
  },
  // As nest-commander runs a command.
  async 'command that fails'() {
    const app = await contextOf();
    try {
      work(app);
      throw new Error('no such order');
    } finally {
      await app.close();
    }
  },
  async 'command that calls process.exit()'() {
    work(await contextOf());
    process.exit(4);
  },
  async 'worker that gets SIGTERM'() {
    const app = await contextOf();
    app.enableShutdownHooks();
    work(app);
    setInterval(() => undefined, 1_000);
    setImmediate(() => process.kill(process.pid, 'SIGTERM'));
  },
  async 'context with a server for the endpoints'() {
    const app = await contextOf({ endpoints: { listen: { port: 0 } } });
    work(app);
    const { url } = app.get(MonitoringServer);
    told.endpoints = {};
    for (const path of ['metrics', 'health', 'ready', 'alive']) {
      const response = await fetch(`${url}/${path}`);
      told.endpoints[path] = response.status;
      const text = await response.text();
      if (path === 'metrics') told.exposed = text.includes('work_total 3');
    }
    await app.close();
  },
  async 'TCP microservice'() {
    const microservices = await withMessages();
    await microservice(microservices, tcp(microservices, 0));
  },
  async 'Redis microservice'() {
    const microservices = await withMessages();
    const options = { host: '127.0.0.1', port: redisPort };
    await microservice(microservices, { transport: microservices.Transport.REDIS, options });
  },
  async 'hybrid application'() {
    const microservices = await withMessages();
    const app = await NestFactory.create(await rootModule({}, [OrdersController]), { logger });
    const connected = app.connectMicroservice(tcp(microservices, 0), { inheritAppConfig: true });
    await app.startAllMicroservices();
    await app.listen(0, '127.0.0.1');
    const url = await app.getUrl();
    await (await fetch(`${url}/orders/7`)).text();
    await place(microservices, tcp(microservices, portOf(connected)));
    told.exposed = (await (await fetch(`${url}/metrics`)).text()).includes('rpc_server_requests_total{');
    work(app);
    await app.close();
  },
  // Its environment ends when the runtime stops to invoke it: nothing is closed.
  async function() {
    const invoke = await functionOf(() => console.log('a line of the application'));
    for (let i = 0; i < 3; i++) await invoke('/orders/7');
  },
  // Without lines of its own, which would end it.
  async 'function whose log nobody reads'() {
    const invoke = await functionOf();
    await invoke('/orders/7');
    // Whoever reads it ends with what it has read, on a busy machine a little later.
    for (let i = 0; i < 3 || (told.warnings.length === 0 && i < 500); i++) {
      await sleep(100);
      await invoke('/orders/7');
    }
    await sleep(50);
  },
};

/** Returns the handler of a function, which is asked for a path and logs each time. */
async function functionOf(log = () => undefined) {
  const { FastifyAdapter } = await import('@nestjs/platform-fastify');
  const { wrapHandler } = await import('nestjs-monitoring/exporters');
  const exporters = { embeddedMetrics: { namespace: 'Shop' } };
  const module = await rootModule({ exporters }, [OrdersController]);
  const app = await NestFactory.create(module, new FastifyAdapter(), { logger });
  await app.init();
  const fastify = app.getHttpAdapter().getInstance();
  await fastify.ready();
  told.statuses = [];
  const handle = async (path) => {
    log();
    return (await fastify.inject(path)).statusCode;
  };
  // A flush takes less than its default of a second, but on a busy machine.
  const handler = wrapHandler(app, handle, { timeoutMs: 60_000 });
  return async (path) => void told.statuses.push(await handler(path));
}

await KINDS[kind]();
