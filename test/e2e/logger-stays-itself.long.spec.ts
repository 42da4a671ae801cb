import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { ConsoleLogger, Logger, type LoggerService, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { MonitoringModule } from 'nestjs-monitoring';
import { WITHOUT_COLLECTORS } from './fixture/fixture.module.js';
import { ADAPTERS, type AdapterName } from './fixture/start-app.js';

/** A logger of an application, and what its tests look at. */
class PlainLogger implements LoggerService {
  readonly lines: unknown[] = [];
  log(...args: unknown[]): void {
    this.lines.push(['log', ...args]);
  }
  error(...args: unknown[]): void {
    this.lines.push(['error', ...args]);
  }
  warn(...args: unknown[]): void {
    this.lines.push(['warn', ...args]);
  }
}

class ArrowLogger implements LoggerService {
  readonly lines: unknown[] = [];
  log = (...args: unknown[]): void => void this.lines.push(['log', ...args]);
  error = (...args: unknown[]): void => void this.lines.push(['error', ...args]);
  warn = (...args: unknown[]): void => void this.lines.push(['warn', ...args]);
}

class PrivateLogger implements LoggerService {
  readonly #lines: unknown[] = [];
  get lines(): unknown[] {
    return this.#lines;
  }
  log(...args: unknown[]): void {
    this.#lines.push(['log', ...args]);
  }
  error(...args: unknown[]): void {
    this.#lines.push(['error', ...args]);
  }
  warn(...args: unknown[]): void {
    this.#lines.push(['warn', ...args]);
  }
}

class GetterLogger implements LoggerService {
  readonly lines: unknown[] = [];
  get log() {
    return (...args: unknown[]): void => void this.lines.push(['log', ...args]);
  }
  get error() {
    return (...args: unknown[]): void => void this.lines.push(['error', ...args]);
  }
  get warn() {
    return (...args: unknown[]): void => void this.lines.push(['warn', ...args]);
  }
}

type TestedLogger = LoggerService & { lines?: unknown[] };

const LOGGERS: readonly [string, () => TestedLogger][] = [
  ['methods of a class', () => new PlainLogger()],
  ['arrow functions', () => new ArrowLogger()],
  ['private fields', () => new PrivateLogger()],
  ['getters', () => new GetterLogger()],
  ['functions of Jest', () => ({ log: jest.fn(), error: jest.fn(), warn: jest.fn() })],
  ['a subclass of ConsoleLogger', () => new ConsoleLogger('Own')],
  ['sealed', () => Object.seal(new ArrowLogger())],
  ['frozen', () => Object.freeze(new ArrowLogger())],
  ['a proxy', () => new Proxy(new PlainLogger(), {})],
];

function attempt(act: () => unknown): unknown {
  try {
    return act();
  } catch (error) {
    return String(error);
  }
}

/** Returns everything of an object and its prototypes that a test can see. */
function faceOf(object: object): unknown[] {
  const face: unknown[] = [inspect(object, { showHidden: true, depth: 1, colors: false })];
  for (
    let owner: object | null = object;
    owner !== null && owner !== Object.prototype && owner !== Function.prototype;
    owner = Object.getPrototypeOf(owner) as object | null
  )
    face.push(
      Reflect.ownKeys(owner).map((key) => {
        const found = Object.entries(Object.getOwnPropertyDescriptor(owner, key) ?? {});
        return [
          String(key),
          found.map(([name, value]) => [name, typeof value === 'boolean' ? value : typeof value]),
        ];
      }),
    );
  return face;
}

/** The ways in which tests look at a logger; each returns what it sees. */
const LOOKS: Readonly<Record<string, (logger: TestedLogger) => unknown>> = {
  face: faceOf,
  json: (logger) => JSON.stringify(logger),
  keys: (logger) => [
    Object.keys(logger),
    Object.getOwnPropertyNames(logger),
    'log' in logger,
    Object.hasOwn(logger, 'log'),
  ],
  clone: (logger) => attempt(() => inspect(structuredClone(logger))),
  spread: (logger) => Object.keys({ ...logger }),
  equality: (logger) => [
    Object.is(Reflect.get(logger, 'log'), Reflect.get(logger, 'log')),
    attempt(() => expect(logger).toStrictEqual(logger)),
    attempt(() => expect({ ...logger }).toEqual(logger)),
  ],
  spied: (logger) =>
    attempt(() => {
      if (Object.isFrozen(logger)) return 'frozen';
      const own = Object.getOwnPropertyDescriptor(logger, 'log');
      const spy = jest.spyOn(logger, 'log').mockImplementation(() => undefined);
      new Logger('A').log('hidden');
      const { calls } = spy.mock;
      spy.mockRestore();
      const after = Object.getOwnPropertyDescriptor(logger, 'log');
      return [calls, typeof own?.value, typeof after?.value, typeof own?.get, typeof after?.get];
    }),
  replaced: (logger) =>
    attempt(() => {
      jest.replaceProperty(logger, 'warn', () => undefined);
      jest.restoreAllMocks();
      return 'replaced';
    }),
  assigned: (logger) => {
    return attempt(() => {
      const before = Object.getOwnPropertyDescriptor(logger, 'error');
      logger.error = () => undefined;
      new Logger('A').error('nowhere');
      if (before === undefined) Reflect.deleteProperty(logger, 'error');
      else Object.defineProperty(logger, 'error', before);
      return [faceOf(logger)];
    });
  },
};

async function observe(adapter: AdapterName, create: () => TestedLogger, monitored: boolean) {
  @Module({ imports: monitored ? [MonitoringModule.forRoot(WITHOUT_COLLECTORS)] : [] })
  class AppModule {}
  const http = adapter === 'fastify' ? new FastifyAdapter() : new ExpressAdapter();
  const app = await NestFactory.create(AppModule, http, { logger: false });
  await app.init();
  const logger = create();
  const before = faceOf(logger);
  app.useLogger(logger);
  new Logger('A').log('seen');
  const seen: Record<string, unknown> = {};
  for (const [name, look] of Object.entries(LOOKS)) seen[name] = attempt(() => look(logger));
  const lines = inspect((logger.lines ?? []).filter((line) => JSON.stringify(line).includes('"A"')));
  await app.close();
  const atEnd = faceOf(logger);
  Logger.overrideLogger(false);
  return { seen, lines, before, atEnd };
}

beforeEach(() => {
  jest.spyOn(process.stdout, 'write').mockImplementation(() => true);
  jest.spyOn(process.stderr, 'write').mockImplementation(() => true);
});
afterEach(() => {
  jest.restoreAllMocks();
});

describe.each(ADAPTERS)('a logger of an application on %s', (adapter) => {
  it.each(LOGGERS)('with %s is to its tests as it is without monitoring', async (_, create) => {
    const bare = await observe(adapter, create, false);
    const monitored = await observe(adapter, create, true);
    expect(monitored).toEqual(bare);
  });
});
