import { afterEach, describe, expect, it } from '@jest/globals';
import { type INestApplicationContext, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { MetricsRegistry, MonitoringModule, type MonitoringOptions } from 'nestjs-monitoring';
import { EmbeddedMetricsExporter, flushMetrics, wrapHandler } from 'nestjs-monitoring/exporters';
import { EmbeddedLog } from './embedded-metrics/embedded-log.js';
import { sumOfValue } from './embedded-metrics/embedded-format.js';
import { eventually } from '../support/eventually.js';
import { KeptLog } from './push/support.js';

const apps: INestApplicationContext[] = [];
afterEach(async () => {
  await Promise.all(apps.splice(0).map((app) => app.close()));
});

/** A flush takes less than its default of a second, but on a busy machine. */
const PATIENT = { timeoutMs: 60_000 };

/** A function with a counter `work_total`, and the log that its metrics are written to. */
async function aFunction(options: MonitoringOptions = {}) {
  const log = new EmbeddedLog();
  const embeddedMetrics = {
    namespace: 'Shop',
    stream: log,
    intervalMs: false,
    metrics: ['work_total'],
  } as const;
  const module = {
    module: class FunctionModule {},
    imports: [MonitoringModule.forRoot({ exporters: { embeddedMetrics }, ...options })],
  };
  const app = await NestFactory.createApplicationContext(module, { logger: false, abortOnError: false });
  apps.push(app);
  const work = app.get(MetricsRegistry).counter('work_total', 'Work.');
  const written = (): number => log.metrics.reduce((sum, { value }) => sum + sumOfValue(value), 0);
  return { app, log, work, written };
}

describe('a wrapped handler', () => {
  it('has written the metrics when its promise resolves, with the same result and arguments', async () => {
    const { app, work, written } = await aFunction();
    const result = { statusCode: 200 };
    const received: unknown[] = [];
    const handle = async (event: object, context: object) => {
      received.push(event, context);
      work.inc();
      return result;
    };
    const handler = wrapHandler(app, handle, PATIENT);
    const [event, context] = [{}, {}];
    expect(await handler(event, context)).toBe(result);
    expect(received).toEqual([event, context]);
    expect(received[0]).toBe(event);
    expect(written()).toBe(1);
  });

  it('has written them before its callback is called', async () => {
    const { app, work, written } = await aFunction();
    const handler = wrapHandler(
      app,
      (_event: object, _context: object, callback: (error: Error | null, result?: string) => void) => {
        work.inc();
        setImmediate(() => callback(null, 'done'));
      },
      PATIENT,
    );
    const outcome = await new Promise((resolve) => {
      expect(handler({}, {}, (...args) => resolve([args, written()]))).toBeUndefined();
    });
    expect(outcome).toEqual([[null, 'done'], 1]);
  });

  it('writes once if the handler calls its callback and returns a promise', async () => {
    const { app, log, work } = await aFunction();
    app.get(MetricsRegistry).gauge('level', 'Level.').set(3);
    const calls: unknown[] = [];
    const handler = wrapHandler(
      app,
      async (_event: object, _context: object, callback: (error: null, result: string) => void) => {
        work.inc();
        callback(null, 'done');
        return 'done';
      },
      PATIENT,
    );
    expect(await handler({}, {}, (...args) => void calls.push(args))).toBe('done');
    await new Promise(setImmediate);
    expect(calls).toEqual([[null, 'done']]);
    expect(log.lines).toHaveLength(1);
  });

  it.each([
    [
      'rejects',
      async (error: unknown): Promise<never> => {
        throw error;
      },
    ],
    [
      'throws',
      (error: unknown) => {
        throw error;
      },
    ],
  ])('rejects with the same error if it %s, after it has written', async (_, end) => {
    const { app, work, written } = await aFunction();
    const error = Object.freeze({ reason: 'not even an error' });
    const handle = (): Promise<void> => {
      work.inc();
      return end(error);
    };
    const handler = wrapHandler(app, handle, PATIENT);
    await expect(handler()).rejects.toBe(error);
    expect(written()).toBe(1);
  });

  it('writes in the background after a handler that returns no promise and has no callback', async () => {
    const { app, work, written } = await aFunction();
    expect(wrapHandler(app, () => (work.inc(), 7))()).toBe(7);
    await eventually(() => expect(written()).toBe(1));
  });

  it('writes after a handler that returns no promise, although the runtime passes it a callback', async () => {
    const { app, work, written } = await aFunction();
    const handler: (...args: unknown[]) => number = wrapHandler(app, () => (work.inc(), 7));
    expect(handler({}, {}, () => undefined)).toBe(7);
    await eventually(() => expect(written()).toBe(1));
  });

  it('has written before the callback of a handler that does not declare it, too', async () => {
    const { app, work, written } = await aFunction();
    const handle = (...args: unknown[]): void => {
      setTimeout(() => {
        work.inc();
        (args[2] as () => void)();
      }, 20);
    };
    const handler = wrapHandler(app, handle, PATIENT);
    expect(await new Promise((resolve) => handler({}, {}, () => resolve(written())))).toBe(1);
  });

  it('is not delayed by a log that hangs for longer than the time limit, and writes everything later', async () => {
    const { app, log, work, written } = await aFunction();
    const handler = wrapHandler(app, async () => work.inc(), { timeoutMs: 20 });
    log.mood = 'hangs';
    const startedAt = performance.now();
    await handler();
    await handler();
    expect(performance.now() - startedAt).toBeLessThan(20_000);
    expect(written()).toBe(0);
    log.mood = 'takes';
    await handler();
    await eventually(() => expect(written()).toBe(3));
  });

  it('is not delayed by a collector that waits, whose values come with a later invocation', async () => {
    const { app, log, work } = await aFunction();
    const registry = app.get(MetricsRegistry);
    let end: (() => void) | undefined;
    registry.addCollector({
      name: 'slow',
      metricNames: [],
      collect: () => new Promise<void>((resolve) => (end = resolve)).then(() => work.inc(10)),
    });
    const handler = wrapHandler(app, async () => work.inc(), PATIENT);
    const startedAt = performance.now();
    await handler();
    expect(performance.now() - startedAt).toBeLessThan(20_000);
    expect(log.metrics.map(({ value }) => value)).toEqual([1]);
    end?.();
    await handler();
    expect(log.metrics.map(({ value }) => value)).toEqual([1, 11]);
  });

  it('keeps what its log did not take, warns once, and counts the failures', async () => {
    const log = new EmbeddedLog();
    const registry = new MetricsRegistry();
    const work = registry.counter('work_total', 'Work.');
    const logger = new KeptLog();
    const exporter = new EmbeddedMetricsExporter(
      registry,
      { namespace: 'Shop', stream: log, intervalMs: false },
      { logger },
    );
    exporter.start();
    log.mood = 'fails';
    for (let invocation = 0; invocation < 3; invocation++) {
      work.inc();
      await exporter.flush();
    }
    expect(logger.lines).toEqual([
      'error: Exporter `embedded_metrics` stopped: The stream of the embedded metrics is closed: write EPIPE. It keeps data within the limits of its queue and retries every few minutes.',
    ]);
    log.mood = 'takes';
    await exporter.flush();
    const sum = log.metrics
      .filter(({ name }) => name === 'work_total')
      .reduce((total, { value }) => total + sumOfValue(value), 0);
    expect(sum).toBe(3);
    await exporter.shutdown();
  });

  it('changes nothing where monitoring is off', async () => {
    const { app, log } = await aFunction({ enabled: false });
    expect(await wrapHandler(app, async () => 7)()).toBe(7);
    expect(log.lines).toEqual([]);
  });

  it('is refused at the start in an application without MonitoringModule', async () => {
    class EmptyModule {}
    Module({})(EmptyModule);
    const app = await NestFactory.createApplicationContext(EmptyModule, { logger: false });
    apps.push(app);
    expect(() => wrapHandler(app, () => undefined)).toThrow('does not import MonitoringModule');
    await expect(flushMetrics(app)).rejects.toThrow('does not import MonitoringModule');
  });
});

describe('wrong arguments', () => {
  it.each([
    [
      { timeoutMs: NaN },
      '`timeoutMs` of the options of %s must be a number of milliseconds above 0; got NaN.',
    ],
    [{ timeoutMs: 'soon' }, 'must be a number of milliseconds above 0'],
    [{ timeout: 200 }, 'timeoutMs'],
    [null, 'The options of %s must be an object; got null.'],
  ])('%j are refused before the first invocation', async (options, message) => {
    const { app } = await aFunction();
    const handler = async (): Promise<number> => 7;
    expect(() => wrapHandler(app, handler, options as never)).toThrow(message.replace('%s', 'wrapHandler'));
    await expect(flushMetrics(app, options as never)).rejects.toThrow(message.replace('%s', 'flushMetrics'));
  });

  it('such as no handler are refused before the first invocation', async () => {
    const { app } = await aFunction();
    expect(() => wrapHandler(app, undefined as never)).toThrow(
      'The handler of wrapHandler() must be a function; got undefined.',
    );
  });
});

describe('flushMetrics()', () => {
  it('writes at once what happened since the last time, also with a timer', async () => {
    const { app, work, written } = await aFunction();
    work.inc(2);
    await flushMetrics(app, PATIENT);
    expect(written()).toBe(2);
    await flushMetrics(app, PATIENT);
    expect(written()).toBe(2);
  });

  it('does nothing once the application has been closed, which has written the rest', async () => {
    const { app, log, work, written } = await aFunction();
    work.inc(2);
    await app.close();
    expect(written()).toBe(2);
    await flushMetrics(app);
    expect(log.lines).toHaveLength(1);
  });
});
