import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { ConsoleLogger, Injectable, Logger, type LoggerService, type LogLevel, Module } from '@nestjs/common';
import { Logger as PinoAdapter, LoggerModule, PinoLogger } from 'nestjs-pino';
import { MonitoringModule, type MonitoringOptions } from 'nestjs-monitoring';
import { LogLevels, type LogLevelReport } from 'nestjs-monitoring/diagnostics';
import winston from 'winston';
import { request } from './fixture/http-client.js';
import { WITHOUT_COLLECTORS } from './fixture/fixture.module.js';
import { ADAPTERS, type AdapterName, eventually, type RunningApp, startApp } from './fixture/start-app.js';

const PATH = '/metrics-dashboard/api/diagnostics/log-levels';
const RIGHT = { authorization: 'Bearer T0ken' };
const INTENT = { 'x-monitoring-request': 'test', 'content-type': 'application/json' };

/** The lines that a logger prints, as `context: message`. */
const printed: string[] = [];

class ListLogger extends ConsoleLogger {
  protected override printMessages(messages: unknown[], context?: string, level?: LogLevel): void {
    for (const message of messages) printed.push(`${context}: ${String(message)} (${level})`);
  }
}

@Injectable()
class PinoUser {
  constructor(readonly logger: PinoLogger) {
    logger.setContext('Direct');
  }
}

function pinoModule() {
  const stream = {
    write: (line: string) => {
      // As streams of applications do: an empty line would throw into the caller.
      const { context, msg, level } = JSON.parse(line) as Record<string, unknown>;
      printed.push(`${String(context)}: ${String(msg)} (${String(level)})`);
    },
  };
  return LoggerModule.forRoot({
    pinoHttp: [{ level: 'info', autoLogging: false, quietReqLogger: true }, stream],
  });
}

/** A logger that passes its messages on to winston, as nest-winston does. */
class WinstonAdapter implements LoggerService {
  readonly logger: winston.Logger;

  constructor() {
    const list = winston.format((info) => {
      printed.push(`${String(info['context'])}: ${String(info.message)} (${info.level})`);
      return info;
    });
    this.logger = winston.createLogger({
      level: 'info',
      transports: [
        new winston.transports.Console({ format: list(), forceConsole: true }),
        new winston.transports.Console({ level: 'error', format: list(), forceConsole: true }),
      ],
    });
  }

  log(message: string, context?: string): void {
    this.logger.info(message, { context });
  }

  error(message: string, _stack?: string, context?: string): void {
    this.logger.error(message, { context });
  }

  warn(message: string, context?: string): void {
    this.logger.warn(message, { context });
  }

  debug(message: string, context?: string): void {
    this.logger.debug(message, { context });
  }
}

interface Way {
  readonly name: string;
  readonly imports: () => readonly unknown[];
  readonly logger: (app: RunningApp) => LoggerService;
}

const WAYS: readonly Way[] = [
  {
    name: 'ConsoleLogger',
    imports: () => [],
    logger: () => new ListLogger({ logLevels: ['log', 'warn', 'error'] }),
  },
  { name: 'nestjs-pino', imports: () => [pinoModule()], logger: ({ app }) => app.get(PinoAdapter) },
  { name: 'winston', imports: () => [], logger: () => new WinstonAdapter() },
];

async function start(
  adapter: AdapterName,
  way: Way | undefined,
  options: MonitoringOptions = {},
): Promise<RunningApp> {
  @Module({
    imports: [
      MonitoringModule.forRoot({
        ...WITHOUT_COLLECTORS,
        endpoints: { auth: { bearerToken: 'T0ken' } },
        ...options,
      }),
      ...((way?.imports() ?? []) as []),
    ],
    providers: way?.name === 'nestjs-pino' ? [PinoUser] : [],
  })
  class AppModule {}
  const app = await startApp(adapter, AppModule);
  if (way !== undefined) app.app.useLogger(way.logger(app));
  return app;
}

function logBoth(message: string): string[] {
  printed.length = 0;
  for (const context of ['Orders', 'Billing']) {
    const logger = new Logger(context);
    logger.debug(`${message} debug`);
    logger.log(`${message} log`);
  }
  return printed.map((line) => line.replace(/ \(.*/, ''));
}

const USUAL = ['Orders: a log', 'Billing: a log'];
let running: RunningApp | undefined;

beforeEach(() => {
  jest.spyOn(console, 'log').mockImplementation(() => undefined);
  jest.spyOn(console, 'error').mockImplementation(() => undefined);
});
afterEach(async () => {
  await running?.app.close();
  running = undefined;
  Logger.overrideLogger(false);
  jest.restoreAllMocks();
});

describe.each(WAYS)('the level of a context of $name', (way) => {
  it('is lowered and raised without that of another context', async () => {
    running = await start('express', way);
    const levels = running.app.get(LogLevels);
    expect(logBoth('a')).toEqual(USUAL);

    levels.set({ context: 'Orders', level: 'debug' });
    expect(logBoth('a')).toEqual(['Orders: a debug', ...USUAL]);
    levels.set({ context: 'Orders', level: 'error' });
    expect(logBoth('a')).toEqual(['Billing: a log']);
    levels.set({ level: 'debug' });
    expect(logBoth('a')).toEqual(['Billing: a debug', 'Billing: a log']);
    levels.reset('Orders');
    expect(logBoth('a')).toEqual(['Orders: a debug', 'Orders: a log', 'Billing: a debug', 'Billing: a log']);
    levels.reset();
    expect(logBoth('a')).toEqual(USUAL);
  });

  it('goes back by itself, and at the end of the application', async () => {
    running = await start('express', way);
    const levels = running.app.get(LogLevels);
    levels.set({ context: 'Orders', level: 'debug', forMs: 300 });
    expect(logBoth('a')).toContain('Orders: a debug');
    await eventually(() => expect(levels.read().changes).toEqual([]));
    expect(logBoth('a')).toEqual(USUAL);

    levels.set({ level: 'verbose' });
    await running.app.close();
    running = undefined;
    expect(logBoth('a')).toEqual(USUAL);
  });

  it('is counted by what is printed', async () => {
    running = await start('fastify', way);
    const { registry } = running;
    const countOf = (level: string): number =>
      registry
        .counter('log_messages_total', 'Log messages that were printed, by level and context.', {
          labelNames: ['level', 'context'],
        })
        .value({ level, context: 'Counted' });
    const logger = new Logger('Counted');
    logger.log('one');
    logger.debug('below');
    expect([countOf('log'), countOf('debug')]).toEqual([1, 0]);
    running.app.get(LogLevels).set({ context: 'Counted', level: 'debug' });
    logger.debug('shown');
    expect([countOf('log'), countOf('debug')]).toEqual([1, 1]);
    running.app.get(LogLevels).set({ context: 'Counted', level: 'error' });
    logger.log('hidden');
    expect([countOf('log'), countOf('debug')]).toEqual([1, 1]);
  });
});

describe.each(ADAPTERS)('the levels in the API of the dashboard on %s', (adapter) => {
  async function post(body: unknown, headers: Readonly<Record<string, string>> = { ...RIGHT, ...INTENT }) {
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    const answer = await request(running?.port ?? 0, { method: 'POST', path: PATH, headers, body: text });
    return { status: answer.status, body: JSON.parse(answer.body) as Record<string, unknown> };
  }

  async function read(): Promise<LogLevelReport> {
    const { body } = await request(running?.port ?? 0, { method: 'GET', path: PATH, headers: RIGHT });
    return JSON.parse(body) as LogLevelReport;
  }

  it('are read and changed', async () => {
    running = await start(adapter, WAYS[0]);
    new Logger('Orders').log('hello');
    const { status, body } = await post({ context: 'Orders', level: 'debug', forMs: 60_000 });
    expect({ status, body }).toEqual({
      status: 200,
      body: { context: 'Orders', level: 'debug', until: expect.any(Number) },
    });
    expect(await read()).toMatchObject({
      enabled: true,
      levels: ['verbose', 'debug', 'log', 'warn', 'error', 'fatal'],
      loggers: [{ logger: 'nest', level: 'log' }],
      changes: [body],
      contexts: expect.arrayContaining(['Orders']),
    });
    expect(logBoth('a')).toContain('Orders: a debug');
    expect((await post({ context: 'Orders', level: null })).status).toBe(200);
    expect((await post({ context: 'Orders', level: null })).status).toBe(404);
    expect(logBoth('a')).toEqual(USUAL);
  });

  it('are changed by nobody without credentials, the header and a valid body', async () => {
    running = await start(adapter, WAYS[0]);
    const change = { level: 'debug' };
    expect((await post(change, INTENT)).status).toBe(401);
    expect((await post(change, { ...RIGHT, 'content-type': 'application/json' })).status).toBe(403);
    expect((await post(change, { ...RIGHT, ...INTENT, 'sec-fetch-site': 'cross-site' })).status).toBe(403);
    for (const wrong of [
      { level: 'loud' },
      { level: 7 },
      {},
      { level: 'debug', forMs: -1 },
      { level: 'debug', forMs: 1e12 },
      { level: 'debug', context: '' },
      { level: 'debug', context: { toString: 1 } },
      { level: 'debug', context: 'x'.repeat(65) },
      '[]',
      'null',
      '"debug"',
      '{',
      '{"level":"__proto__"}',
      '{"__proto__":{"level":"debug"}}',
      '{"level":"debug","forMs":null}',
      '{"level":"debug","forMs":1e999}',
      '{"level":"debug","context":["Orders"]}',
    ]) {
      expect({ wrong, status: (await post(wrong)).status }).toEqual({ wrong, status: 400 });
    }
    expect((await post({ level: 'debug', context: 'x'.repeat(2_000_000) })).status).toBe(413);
    expect((await read()).changes).toEqual([]);
  });

  it('are not changed without configured credentials, nor with logs: false', async () => {
    running = await start(adapter, undefined, { endpoints: {} });
    expect((await post({ level: 'debug' }, INTENT)).status).toBe(403);
    await running.app.close();
    running = await start(adapter, undefined, { logs: false });
    expect((await post({ level: 'debug' })).status).toBe(400);
    expect(await read()).toMatchObject({ enabled: false, changes: [], loggers: [] });
  });
});
