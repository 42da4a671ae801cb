import { createServer, type Server } from 'node:net';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import {
  Controller,
  type DynamicModule,
  Injectable,
  Logger,
  type Provider,
  Scope,
  type Type,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  AlertHandler,
  defineCounter,
  HealthCheckProvider,
  HealthMonitor,
  InjectMetric,
  MetricsCollector,
  MetricsRegistry,
  type MonitoringAsyncOptions,
  MonitoringModule,
  type MonitoringOptions,
  MonitorModelOperation,
  MonitorPerformance,
  TrackErrors,
  TrackMetrics,
} from 'nestjs-monitoring';
import { eventually } from '../support/eventually.js';
import { AlertmanagerHandler } from '../../lib/alerting/handlers/alertmanager.handler.js';
import { EmailAlertHandler } from '../../lib/alerting/handlers/email.handler.js';
import { LoggerAlertHandler } from '../../lib/alerting/handlers/logger.handler.js';
import { SlackAlertHandler } from '../../lib/alerting/handlers/slack.handler.js';
import { WebhookAlertHandler } from '../../lib/alerting/handlers/webhook.handler.js';

const SECRET = 'https://hooks.slack.com/services/T0/B0/planted';

/** Starts an application without an HTTP server, and ends it. */
async function start(monitoring: DynamicModule, providers: Provider[] = [], imports: DynamicModule[] = []) {
  class Root {}
  const module = { module: Root, imports: [monitoring, ...imports], providers };
  const app = await NestFactory.createApplicationContext(module, { logger: false, abortOnError: false });
  await app.close();
}

/** A mistake of JavaScript, which TypeScript would have found. */
function given<T>(value: unknown): T {
  return value as T;
}

const orders = defineCounter('orders_total', 'Orders.');

describe('MonitoringModule.forFeature()', () => {
  const expected =
    'The argument of MonitoringModule.forFeature() must be an array of declarations, such as that of defineCounter(); got';

  it.each<[unknown, string]>([
    [undefined, 'undefined.'],
    ['orders_total', 'the string "orders_total".'],
    [orders, 'an object.'],
    [['orders_total'], 'the string "orders_total".'],
    [[orders, null], 'null.'],
    [[class Orders {}], 'the class Orders.'],
  ])('names the mistake in %j', (metrics, text) => {
    expect(() => MonitoringModule.forFeature(given(metrics))).toThrow(`${expected} ${text}`);
  });
});

describe('a factory of MonitoringModule.forRootAsync() that waits for ever', () => {
  @Injectable()
  class Settings {
    constructor(readonly registry: MetricsRegistry) {}
  }
  class SettingsModule {}
  const settings = { module: SettingsModule, providers: [Settings], exports: [Settings] };
  const never = () => new Promise<MonitoringOptions>(() => {});

  it.each<[string, MonitoringAsyncOptions]>([
    ['for the registry', { inject: [MetricsRegistry], useFactory: () => ({}) }],
    ['for the health', { inject: [HealthMonitor], useFactory: () => ({}) }],
    [
      'for a provider that waits for the registry',
      { imports: [settings], inject: [Settings], useFactory: () => ({}) },
    ],
    ['for a promise', { useFactory: never }],
    [
      'for a promise of a class',
      {
        useClass: class {
          create = never;
        },
      },
    ],
  ])('fails the start instead of ending the process: %s', async (_, options) => {
    // Those of libraries that other suites of this process have loaded.
    const others = process.listenerCount('beforeExit');
    const started = start(MonitoringModule.forRootAsync(options));
    const failed = expect(started).rejects.toThrow(
      'MonitoringModule.forRootAsync() has no options: its factory waits for something that never comes.',
    );
    await eventually(() => expect(process.listenerCount('beforeExit')).toBe(others + 1));
    process.emit('beforeExit', 0);
    await failed;
  });
});

describe('@InjectMetric()', () => {
  it.each<[unknown, string]>([
    [undefined, 'got undefined.'],
    [5, 'got 5.'],
    [{}, 'got an object.'],
    [class Orders {}, 'got the class Orders.'],
    ['orders-total', '"orders-total" is not a valid metric name.'],
  ])('names the mistake in %j', (metric, text) => {
    expect(() => InjectMetric(given(metric))).toThrow(text);
  });

  it('lets Nest say which metric no module declares, and where to declare it', async () => {
    class Shop {
      constructor(readonly metric: unknown) {}
    }
    Injectable()(Shop);
    InjectMetric('orders_totl')(Shop, undefined, 0);
    await expect(
      start(MonitoringModule.forRoot(), [Shop], [MonitoringModule.forFeature([orders])]),
    ).rejects.toThrow('"metric orders_totl of MonitoringModule.forFeature()" at index [0]');
  });
});

describe('MonitoringModule.forRootAsync()', () => {
  const owner = 'The argument of MonitoringModule.forRootAsync()';

  it.each<[unknown, string]>([
    [undefined, `${owner} must be an object; got undefined.`],
    [{ seriesLimit: 3 }, `${owner} must have exactly one of useFactory, useClass, useExisting; got none.`],
    [{ useFactory: () => ({}), useClass: class {} }, 'got useFactory and useClass.'],
    [{ useFactory: {} }, 'must be a function that returns the options; got an object.'],
    [{ useFactory: () => ({}), inject: 'CONFIG' }, 'must be an array of injection tokens; got the string'],
    [{ useFactory: () => ({}), imports: class {} }, 'must be an array of modules; got'],
    [{ useFactory: () => ({}), seriesLimit: 3 }, 'Unknown key `seriesLimit` in the argument of'],
    [
      { useFactory: () => ({}), controllers: 'yes' },
      'must be true, false or an object of paths; got the string "yes".',
    ],
    [
      { useFactory: () => ({}), controllers: { dashboard: 'd' } },
      'Unknown key `dashboard` in `controllers` of',
    ],
    [{ useFactory: () => ({}), controllers: { health: 'a b' } }, '`endpoints.health` must be a path'],
    [{ useFactory: () => undefined }, 'must be an object; got undefined.'],
    [{ useFactory: () => Promise.resolve(null) }, 'must be an object; got null.'],
    [{ useFactory: () => [] }, 'must be an object; got an array.'],
    [{ useClass: class {} }, 'must have a method create() that returns the options; got none.'],
  ])('names the mistake in %j', async (options, text) => {
    await expect((async () => start(MonitoringModule.forRootAsync(given(options))))()).rejects.toThrow(text);
  });

  it('lets Nest say which dependency of the factory no module of `imports` has', async () => {
    class Config {}
    await expect(
      start(MonitoringModule.forRootAsync({ inject: [Config], useFactory: () => ({}) })),
    ).rejects.toThrow('dependencies of the options of MonitoringModule.forRootAsync() (?)');
  });

  it('takes the options of a class', async () => {
    class Config {
      create = () => ({ seriesLimit: 3 });
    }
    await expect(start(MonitoringModule.forRootAsync({ useClass: Config }))).resolves.toBeUndefined();
  });
});

describe('the options', () => {
  let taken: Server;
  beforeAll(async () => {
    taken = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => taken.once('listening', resolve));
  });
  afterAll(() => void taken.close());

  it.each<[unknown, string]>([
    [null, 'The options of MonitoringModule must be an object; got null.'],
    [5, 'The options of MonitoringModule must be an object; got 5.'],
    [[], 'The options of MonitoringModule must be an object; got an array.'],
    [{ seriesLimt: 3 }, 'Did you mean `seriesLimit`?'],
    [
      { thresholds: { cpu_percent: '80%' } },
      '`thresholds.cpu_percent` must be a number, `{ warning, critical }` or `false`; got the string "80%".',
    ],
    [{ thresholds: [] }, '`thresholds` must be true, false or an object of options; got an array.'],
    [{ thresholds: { cpu: 80 } }, 'Unknown key `cpu` in `thresholds`. Known keys: cpu_percent,'],
    [{ thresholds: { cpu_percent: { warn: 1 } } }, 'Did you mean `warning`?'],
    [
      { thresholds: { cpu_percent: { warning: 90, critical: 80 } } },
      'of at least the warning threshold, 90; got 80.',
    ],
    [{ endpoints: { listen: { port: '80' } } }, 'must be a port from 0 to 65535; got the string "80".'],
    [{ endpoints: { auth: { guard: {} } } }, 'must be a guard class or instance; got an object.'],
    [{ alerting: { handlers: [SlackAlertHandler] } }, 'made with `new`; got the class SlackAlertHandler.'],
    [{ alerting: { handlers: [SECRET] } }, 'got the string "https://hooks.slack.com/…".'],
    [{ alerting: { handlers: [{ send: 5 }] } }, 'an object with notify() or send(); got an object.'],
    [
      { exporters: { datadog: 'planted' } },
      '`exporters.datadog` must be true, false or an object of options; got a string.',
    ],
    [
      { exporters: { otlp: { url: 'https://admin:planted@bad host' } } },
      'got the string "https://***@bad host".',
    ],
    [
      { exporters: { pushgateway: { jobName: 'a', url: 'ftp://admin:planted@h' } } },
      'got the string "ftp://***@h".',
    ],
  ])('name the mistake in %j', async (options, text) => {
    const result = (async () => start(MonitoringModule.forRoot(given(options))))();
    await expect(result).rejects.toThrow(text);
    await expect(result).rejects.not.toThrow('planted');
  });

  it('say what to do about a port in use', async () => {
    const { port } = taken.address() as AddressInfo;
    await expect(start(MonitoringModule.forRoot({ endpoints: { listen: { port } } }))).rejects.toThrow(
      `got port ${port} of 127.0.0.1 (EADDRINUSE). The port is in use. Choose another port, or 0 for any free port.`,
    );
  });
});

describe('a class decorator', () => {
  /** Decorates a class with these members, and starts an application with it. */
  async function startWith(decorate: () => unknown, members: object): Promise<void> {
    class Provider {}
    Object.assign(Provider.prototype, members);
    (decorate() as ClassDecorator)(Provider);
    await start(MonitoringModule.forRoot(), [Provider]);
  }
  const checks = { check: () => ({ status: 'healthy' }) };
  const handles = { handle: () => undefined };

  it.each<[string, () => unknown, object, string]>([
    [
      'a check without a name',
      () => HealthCheckProvider(given(undefined)),
      checks,
      "Give the check a name: @HealthCheckProvider({ name: 'payments' }).",
    ],
    [
      'an empty name',
      () => HealthCheckProvider({ name: '' }),
      checks,
      'must be a name such as "payments"; got the string "".',
    ],
    [
      'an unknown key',
      () => HealthCheckProvider(given({ name: 'a', critcal: 1 })),
      checks,
      'Did you mean `critical`?',
    ],
    [
      'a check without check()',
      () => HealthCheckProvider({ name: 'a' }),
      {},
      'Provider has @HealthCheckProvider() but no method check().',
    ],
    [
      'a check that is not called',
      () => HealthCheckProvider(given(class Mine {})),
      checks,
      'must be an object; got the class Mine.',
    ],
    [
      'a handler without handle()',
      () => AlertHandler(),
      {},
      'Provider has @AlertHandler() but no method handle().',
    ],
    [
      'a handler with another method',
      () => AlertHandler(),
      { notify: () => undefined },
      'no method handle().',
    ],
    [
      'an unknown severity',
      () => AlertHandler(given({ severities: ['page'] })),
      handles,
      'must be an array of critical, warning, info; got the string "page" at [0].',
    ],
    [
      'an unknown key of a handler',
      () => AlertHandler(given({ severity: 'info' })),
      handles,
      'Did you mean `severities`?',
    ],
    ['a handler of a string', () => AlertHandler(given('mail')), handles, 'must be an object; got a string.'],
    [
      'a collector without collect()',
      () => MetricsCollector(),
      {},
      'Provider has @MetricsCollector() but no method collect(). Add `collect(registry)`',
    ],
    [
      'a collector with another method',
      () => MetricsCollector(),
      { run: () => undefined },
      'no method collect().',
    ],
    [
      'a collector of a string',
      () => MetricsCollector(given('deals')),
      {},
      'must be an object; got a string.',
    ],
    [
      'a collector with wrong names',
      () => MetricsCollector(given({ metricNames: [5] })),
      {},
      'a list of metric names',
    ],
  ])('names the mistake: %s', async (_, decorate, members, text) => {
    await expect((async () => startWith(decorate, members))()).rejects.toThrow(text);
  });

  it.each<[string, unknown]>([
    ['@HealthCheckProvider()', HealthCheckProvider({ name: 'a' })],
    ['@AlertHandler()', AlertHandler()],
    ['@MetricsCollector()', MetricsCollector()],
  ])('is refused on a method: %s', (name, decorate) => {
    const apply = decorate as (target: object, key: string, descriptor: object) => void;
    expect(() => apply({}, 'check', {})).toThrow(`${name} must be on a class; got the member check.`);
  });
});

describe('a provider of a decorated class', () => {
  /** Each decorator of classes, with the method that it needs. */
  const DECORATORS: readonly (readonly [string, () => unknown, string])[] = [
    ['@HealthCheckProvider()', () => HealthCheckProvider({ name: 'a' }), 'check'],
    ['@AlertHandler()', () => AlertHandler(), 'handle'],
    ['@MetricsCollector()', () => MetricsCollector(), 'collect'],
  ];

  function decorated(decorate: () => unknown, members: object = {}): Type {
    class Mine {}
    Object.assign(Mine.prototype, members);
    (decorate() as ClassDecorator)(Mine);
    return Mine;
  }

  describe.each(DECORATORS)('%s', (name, decorate, method) => {
    const remedy = 'Add ';
    const missing = `Mine has ${name} but no method ${method}(). ${remedy}`;

    it.each<[string, (type: Type) => Provider]>([
      ['as a class', (type) => type],
      ['as a value', (type) => ({ provide: 'A', useValue: new type() })],
      ['by a factory', (type) => ({ provide: 'A', useFactory: () => new type() })],
      ['by a factory, as itself', (type) => ({ provide: type, useFactory: async () => new type() })],
      ['as another class', (type) => ({ provide: 'A', useClass: class extends type {} })],
    ])('fails the start without its method, provided %s', async (how, provide) => {
      const expected = how === 'as another class' ? `no method ${method}(). ${remedy}` : missing;
      const provider = provide(decorated(decorate));
      await expect(start(MonitoringModule.forRoot(), [provider])).rejects.toThrow(expected);
    });

    it('fails the start without its method, as a controller', async () => {
      const type = decorated(decorate);
      Controller()(type);
      class Feature {}
      const feature = { module: Feature, controllers: [type] };
      await expect(start(MonitoringModule.forRoot(), [], [feature])).rejects.toThrow(missing);
    });

    it('fails the start if the value that takes its place has not the method', async () => {
      const provider = { provide: decorated(decorate), useValue: { [`${method}s`]: () => undefined } };
      await expect(start(MonitoringModule.forRoot(), [provider])).rejects.toThrow(
        `The value provided for Mine, which has ${name}, has no method ${method}(). ${remedy}`,
      );
    });

    it.each<[string, unknown]>([
      ['null', null],
      ['undefined', undefined],
    ])('is left out as %s, by a factory that turns it off', async (_, value) => {
      const provider = { provide: decorated(decorate), useFactory: () => value };
      await expect(start(MonitoringModule.forRoot(), [provider])).resolves.toBeUndefined();
    });

    it('is left out without its method if monitoring is disabled', async () => {
      await expect(
        start(MonitoringModule.forRoot({ enabled: false }), [decorated(decorate)]),
      ).resolves.toBeUndefined();
    });

    it('is warned about and left out if it is request-scoped', async () => {
      const warn = jest.spyOn(Logger.prototype, 'warn').mockReturnValue(undefined);
      const type = decorated(decorate);
      Injectable({ scope: Scope.REQUEST })(type);
      await start(MonitoringModule.forRoot(), [type]);
      expect(warn.mock.calls.map(([message]) => message as string)).toContainEqual(
        expect.stringContaining('request-scoped or transient. Give it'),
      );
      warn.mockRestore();
    });
  });
});

describe('a method decorator', () => {
  const prototype = class Shop {}.prototype;

  it.each<[string, () => unknown, string]>([
    [
      'without parentheses',
      () => MonitorPerformance(given(prototype)),
      'write @MonitorPerformance() with parentheses.',
    ],
    [
      'without parentheses, too',
      () => TrackErrors(given(prototype)),
      'write @TrackErrors() with parentheses.',
    ],
    [
      'without a name',
      () => TrackErrors(given({})),
      '`metricName` of @TrackErrors() must be a metric name; got undefined.',
    ],
    ['without a metric', () => TrackMetrics({}), 'at least one of timerName, counterName and gaugeName'],
    [
      'with an unknown key',
      () => MonitorPerformance(given({ rate: 1 })),
      'must have only the keys name, labels, sampleRate, buckets; got rate.',
    ],
    ['of another kind', () => MonitorModelOperation(given({})), 'must be a non-empty string; got an object.'],
    [
      'on a class',
      () => (TrackErrors({ metricName: 'a_total' }) as unknown as ClassDecorator)(class Shop {}),
      'got the class Shop.',
    ],
  ])('names the mistake: %s', (_, decorate, text) => {
    expect(decorate).toThrow(text);
  });
});

describe('a ready-made alert handler', () => {
  const mail = { from: 'a@b.c', to: 'd@e.f', transport: 'smtp://localhost' };

  it.each<[string, () => unknown, string]>([
    [
      'Alertmanager without options',
      () => new AlertmanagerHandler(given(undefined)),
      'The options of AlertmanagerHandler must be an object; got undefined.',
    ],
    [
      'Alertmanager with an unknown key',
      () => new AlertmanagerHandler(given({ url: 'http://h', header: {} })),
      'Did you mean `headers`?',
    ],
    [
      'Alertmanager with a wrong header',
      () => new AlertmanagerHandler(given({ url: 'http://h', headers: { a: 5 } })),
      '`a` in `headers` of the options of AlertmanagerHandler must be a string; got a number.',
    ],
    [
      'a webhook that is its URL',
      () => new WebhookAlertHandler(given(SECRET)),
      'The options of WebhookAlertHandler must be an object; got a string.',
    ],
    [
      'a webhook with an unknown key',
      () => new WebhookAlertHandler(given({ url: 'http://h', secrt: 'x' })),
      'Did you mean `secret`?',
    ],
    [
      'a webhook with an empty secret',
      () => new WebhookAlertHandler({ url: 'http://h', secret: '' }),
      'Check that the environment variable it is read from is set.',
    ],
    [
      'Slack with an unknown key',
      () => new SlackAlertHandler(given({ url: SECRET, chanel: '#ops' })),
      'Did you mean `channel`?',
    ],
    [
      'Slack with a wrong URL',
      () => new SlackAlertHandler({ url: 'ftp://u:planted@h' }),
      '`url` of the options of SlackAlertHandler must be an http or https URL. Its value may be a secret and is not shown.',
    ],
    [
      'mail without a sender',
      () => new EmailAlertHandler(given({ ...mail, from: undefined })),
      '`from` of the options of EmailAlertHandler must be an e-mail address; got undefined.',
    ],
    [
      'mail to nobody',
      () => new EmailAlertHandler({ ...mail, to: [] }),
      'an e-mail address or an array of at least one',
    ],
    [
      'mail without a transport',
      () => new EmailAlertHandler(given({ ...mail, transport: 'u:planted@host' })),
      'must be a URL such as smtps://user:password@mail.example.com',
    ],
    [
      'mail with an unknown key',
      () => new EmailAlertHandler(given({ ...mail, cc: 'x' })),
      'Unknown key `cc`',
    ],
    [
      'a logger that is none',
      () => new LoggerAlertHandler(given(console.log)),
      'must be an object with error(), warn() and log(); got a function.',
    ],
  ])('names the mistake: %s', (_, make, text) => {
    expect(make).toThrow(text);
    expect(make).not.toThrow('planted');
  });
});
