import { gunzipSync } from 'node:zlib';
import fastifyCompress from '@fastify/compress';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { CanActivate, ExecutionContext, INestApplication } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import compression from 'compression';
import type { NextFunction, Request, Response } from 'express';
import type { FastifyInstance } from 'fastify';
import type { MonitoringOptions } from 'nestjs-monitoring';
import { FixtureModule, WITHOUT_COLLECTORS } from './fixture/fixture.module.js';
import { head, RawConnection } from './fixture/http-client.js';
import { eventually, type RunningApp, startApp } from './fixture/start-app.js';

const PATHS = [
  '/metrics',
  '/health',
  '/ready',
  '/alive',
  '/metrics-dashboard',
  '/metrics-dashboard/dashboard.js',
];
const EVENTS = '/metrics-dashboard/api/events';

let app: RunningApp | undefined;
let faults: unknown[];
const note = (fault: unknown): void => void faults.push(fault);

beforeEach(() => {
  faults = [];
  process.on('uncaughtException', note);
  process.on('unhandledRejection', note);
});

afterEach(async () => {
  await app?.close();
  app = undefined;
  process.off('uncaughtException', note);
  process.off('unhandledRejection', note);
  expect(faults).toEqual([]);
});

/** A shape of hooks or middleware that an application may have around our endpoints. */
interface Surroundings {
  readonly name: string;
  readonly configure: (app: INestApplication) => void | Promise<void>;
  /** @default 200 */
  readonly status?: number;
  /** What is added to each body. */
  readonly suffix?: string;
  readonly header?: readonly [string, string];
}

const later = (done: () => void): void => void setTimeout(done, 5);
const soon = (): Promise<void> => new Promise((resolve) => later(resolve));

function fastify(hook: (instance: FastifyInstance) => void | Promise<void>) {
  return (nest: INestApplication): void | Promise<void> =>
    hook((nest as NestFastifyApplication).getHttpAdapter().getInstance());
}

function express(middleware: (request: Request, response: Response, next: NextFunction) => void) {
  return (nest: INestApplication): void => void nest.use(middleware);
}

const ON_FASTIFY: readonly Surroundings[] = [
  {
    name: 'an onSend hook that calls back later',
    configure: fastify((server) => {
      server.addHook('onSend', (_request, _reply, payload, done) => later(() => done(null, payload)));
    }),
  },
  {
    name: 'an onSend hook that awaits',
    configure: fastify((server) => {
      server.addHook('onSend', async (_request, _reply, payload) => {
        await soon();
        return payload;
      });
    }),
  },
  {
    name: 'an awaiting hook at each step',
    configure: fastify((server) => {
      for (const name of ['onRequest', 'preValidation', 'preHandler', 'onResponse'] as const) {
        server.addHook(name, async () => soon());
      }
      server.addHook('preParsing', async (_request, _reply, payload) => {
        await soon();
        return payload;
      });
      server.addHook('preSerialization', async (_request, _reply, payload) => {
        await soon();
        return payload;
      });
    }),
  },
  {
    name: 'a hook that sets a header late',
    configure: fastify((server) => {
      server.addHook('onSend', async (_request, reply, payload) => {
        await soon();
        reply.header('x-by-hook', 'yes');
        return payload;
      });
    }),
    header: ['x-by-hook', 'yes'],
  },
  {
    name: 'a hook that changes the payload',
    configure: fastify((server) => {
      server.addHook('onSend', async (_request, _reply, payload) => {
        await soon();
        return `${String(payload)}#signed`;
      });
    }),
    suffix: '#signed',
  },
  {
    name: 'a hook that throws',
    configure: fastify((server) => {
      server.addHook('onSend', async () => {
        await soon();
        throw new Error('as planned');
      });
    }),
    status: 500,
  },
  {
    name: 'a hook that calls back with an error',
    configure: fastify((server) => {
      server.addHook('onSend', (_request, _reply, _payload, done) =>
        later(() => done(new Error('as planned'))),
      );
    }),
    status: 500,
  },
  {
    name: 'a hook that answers itself',
    configure: fastify((server) => {
      server.addHook('preHandler', async (_request, reply) => {
        await soon();
        return reply.code(418).send('short and stout');
      });
    }),
    status: 418,
  },
  {
    name: 'a schema compiler and a serializer of its own',
    configure: fastify((server) => {
      server.setReplySerializer((payload) => JSON.stringify(payload));
    }),
  },
];

const ON_EXPRESS: readonly Surroundings[] = [
  {
    name: 'middleware that waits',
    configure: express((_request, _response, next) => later(next)),
  },
  {
    name: 'middleware that holds the end of each response back',
    configure: express((_request, response, next) => {
      const end = response.end.bind(response);
      response.end = ((...args: []) => {
        later(() => end(...args));
        return response;
      }) as typeof end;
      next();
    }),
  },
  {
    name: 'middleware that sets a header as the head is written',
    configure: express((_request, response, next) => {
      const writeHead = response.writeHead.bind(response);
      response.writeHead = ((...args: [number]) => {
        response.setHeader('x-by-hook', 'yes');
        return writeHead(...args);
      }) as typeof writeHead;
      next();
    }),
    header: ['x-by-hook', 'yes'],
  },
  {
    name: 'middleware that throws as the head is written',
    configure: express((_request, response, next) => {
      const writeHead = response.writeHead.bind(response);
      response.writeHead = ((...args: [number]) => {
        response.writeHead = writeHead;
        if (args[0] === 200) throw new Error('as planned');
        return writeHead(...args);
      }) as typeof writeHead;
      next();
    }),
    status: 500,
  },
  {
    name: 'middleware that answers itself',
    configure: express((_request, response) => void response.status(418).send('short and stout')),
    status: 418,
  },
];

describe.each([
  ['fastify', ON_FASTIFY],
  ['express', ON_EXPRESS],
] as const)('our endpoints on %s', (adapter, all) => {
  it.each(all)('answer once, with $name', async ({ configure, status = 200, suffix = '', header }) => {
    app = await startApp(adapter, FixtureModule.with(WITHOUT_COLLECTORS), { configure });
    const connection = new RawConnection(app.port);
    for (const path of PATHS) {
      const { status: got, body, headers } = await app.get(path);
      expect([path, got]).toEqual([path, status]);
      expect(body.length).toBeGreaterThan(0);
      expect(body.endsWith(suffix)).toBe(true);
      if (header) expect(headers[header[0]]).toBe(header[1]);
    }
    // Another answer to the same request would come as the answer to the next one.
    connection.send(head('GET', '/alive') + head('GET', '/ready', { connection: 'close' }));
    await connection.closed;
    expect(connection.statuses).toEqual([status, status]);
  });
});

const ENCODINGS = ['gzip', 'br', 'deflate, gzip;q=0.5', 'identity'];

describe.each<[string, 'express' | 'fastify', (app: INestApplication) => void | Promise<void>]>([
  ['compression on Express before us', 'express', (nest) => void nest.use(compression({ threshold: 0 }))],
  [
    'compression on Express behind us',
    'express',
    async (nest) => {
      await nest.init();
      nest.use(compression({ threshold: 0 }));
    },
  ],
  [
    '@fastify/compress before us',
    'fastify',
    async (nest) => void (await (nest as NestFastifyApplication).register(fastifyCompress, { threshold: 0 })),
  ],
  [
    '@fastify/compress with a hook that awaits',
    'fastify',
    async (nest) => {
      await (nest as NestFastifyApplication).register(fastifyCompress, { threshold: 0 });
      await fastify((server) => {
        server.addHook('onSend', async (_request, _reply, payload) => {
          await soon();
          return payload;
        });
      })(nest);
    },
  ],
])('with %s', (_, adapter, configure) => {
  it('every body comes as a whole, in whichever encoding', async () => {
    app = await startApp(adapter, FixtureModule.with(WITHOUT_COLLECTORS), { configure });
    for (const path of PATHS) {
      const plain = await app.get(path);
      expect([path, plain.status, plain.body.length > 0]).toEqual([path, 200, true]);
      for (const encoding of ENCODINGS) {
        const answer = await app.get(path, { headers: { 'accept-encoding': encoding } });
        expect([path, encoding, answer.status]).toEqual([path, encoding, 200]);
        expect(answer.bytes.byteLength).toBeGreaterThan(0);
        if (answer.headers['content-encoding'] === 'gzip') {
          expect(gunzipSync(answer.bytes).byteLength).toBeGreaterThan(0);
        }
      }
      const { status } = await app.get(path, { method: 'HEAD', headers: { 'accept-encoding': 'gzip' } });
      expect(status).toBe(200);
    }
  });

  it('events come as they happen, neither compressed nor held back', async () => {
    app = await startApp(adapter, FixtureModule.with(WITHOUT_COLLECTORS), { configure });
    const connection = new RawConnection(app.port);
    connection.send(head('GET', EVENTS, { 'accept-encoding': 'gzip, br' }));
    await eventually(() => expect(connection.received).toContain('retry: 2000'));
    connection.destroy();

    expect(connection.received).toMatch(/\r\ncache-control: no-store, no-transform\r\n/i);
    expect(connection.received).not.toMatch(/content-encoding/i);
  });
});

it('a stream of events on Fastify has the headers that hooks have set', async () => {
  app = await startApp('fastify', FixtureModule.with(WITHOUT_COLLECTORS), {
    configure: fastify((server) => {
      server.addHook('onRequest', async (_request, reply) => {
        reply.header('access-control-allow-origin', 'https://example.com').header('x-frame-options', 'DENY');
      });
    }),
  });
  const connection = new RawConnection(app.port);
  connection.send(head('GET', EVENTS));
  await eventually(() => expect(connection.received).toContain('retry: 2000'));
  connection.destroy();

  expect(connection.received).toMatch(/\r\naccess-control-allow-origin: https:\/\/example.com\r\n/i);
  expect(connection.received).toMatch(/\r\nx-frame-options: DENY\r\n/i);
});

/** A guard that answers itself, as those do that redirect to a login. */
class RedirectingGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const response = context.switchToHttp().getResponse<{ redirect(url: string): void }>();
    response.redirect('/login');
    return false;
  }
}

it.each(['express', 'fastify'] as const)(
  'a guard that answers itself on %s has the only say, however long the hooks take',
  async (adapter) => {
    const options: MonitoringOptions = {
      ...WITHOUT_COLLECTORS,
      endpoints: { dashboard: 'metrics-dashboard', auth: { guard: RedirectingGuard } },
    };
    app = await startApp(adapter, FixtureModule.with(options), {
      configure: (adapter === 'fastify' ? ON_FASTIFY : ON_EXPRESS)[1]!.configure,
    });
    const { status, headers } = await app.get('/metrics');

    expect([status, headers['location']]).toEqual([302, '/login']);
  },
);
