import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import {
  Controller,
  Get,
  Global,
  Inject,
  Injectable,
  Module,
  type OnApplicationBootstrap,
  type OnModuleInit,
  type Provider,
  Scope,
} from '@nestjs/common';
import { LazyModuleLoader } from '@nestjs/core';
import { Injector } from '@nestjs/core/injector/injector.js';
import { InstanceWrapper } from '@nestjs/core/injector/instance-wrapper.js';
import { Test } from '@nestjs/testing';
import { MonitoringModule, type MonitoringOptions } from 'nestjs-monitoring';
import { type StartupReport, type StartupStep, StartupTimes } from 'nestjs-monitoring/diagnostics';
import { InstanceTimes } from '../../../lib/diagnostics/startup/instance-times.instrumentation.js';
import { WITHOUT_COLLECTORS } from '../../e2e/fixture/fixture.module.js';
import { ADAPTERS, type AdapterName, type RunningApp, startApp } from '../../e2e/fixture/start-app.js';
import { eventually } from '../../support/eventually.js';

function block(milliseconds: number): void {
  for (const end = performance.now() + milliseconds; performance.now() < end;);
}

@Injectable()
class SlowConstructor {
  constructor() {
    block(60);
  }
}

@Injectable()
class OfRoot {
  constructor() {
    block(50);
  }
}

@Injectable()
class Reader {
  constructor(readonly slow: SlowConstructor) {}
}

@Injectable()
class Connects implements OnModuleInit, OnApplicationBootstrap {
  async onModuleInit(): Promise<string> {
    await sleep(90);
    return 'connected';
  }

  onApplicationBootstrap(): void {
    block(40);
  }
}

@Injectable({ scope: Scope.REQUEST })
class OfRequest {
  constructor() {
    block(20);
  }
}

@Module({
  providers: [
    { provide: 'CONNECTION', useFactory: () => sleep(400, 'connection') },
    { provide: 'ALIAS', useExisting: 'CONNECTION' },
    { provide: 'VALUE', useValue: 1 },
  ],
})
class ConnectionModule {}

@Module({ providers: [SlowConstructor, Reader, Connects, OfRequest], imports: [ConnectionModule] })
class SlowModule {}

const FAILURE = new Error('no connection');
function failing(): never {
  throw FAILURE;
}

@Injectable()
class FailingConstructor {
  constructor(@Inject('LATER') readonly later: unknown) {
    failing();
  }
}

@Injectable()
class Late {
  constructor() {
    block(30);
  }
}

@Module({ providers: [Late] })
class LateModule {}

@Injectable()
class LoadsLate implements OnModuleInit {
  constructor(private readonly loader: LazyModuleLoader) {}

  async onModuleInit(): Promise<void> {
    await this.loader.load(() => LateModule);
  }
}

@Controller()
class AppController {
  constructor(readonly ofRequest: OfRequest) {}

  @Get('used')
  used(): string {
    return 'used';
  }
}

@Global()
@Module({ providers: [OfRequest], exports: [OfRequest] })
class RequestModule {}

let app: RunningApp | undefined;

async function start(adapter: AdapterName, options: MonitoringOptions = {}): Promise<RunningApp> {
  @Module({
    imports: [MonitoringModule.forRoot({ ...WITHOUT_COLLECTORS, ...options }), SlowModule, RequestModule],
    controllers: [AppController],
    providers: [OfRoot, LoadsLate],
  })
  class AppModule {}
  return (app = await startApp(adapter, AppModule));
}

/** The times, once the start is over. */
async function reportOf({ app: running }: RunningApp): Promise<StartupReport> {
  let report: StartupReport | undefined;
  await eventually(() => {
    report = running.get(StartupTimes).report();
    expect(report).toBeDefined();
  });
  return report!;
}

function stepOf({ steps }: StartupReport, name: string, kind: StartupStep['kind'] = 'instance') {
  return steps.find((step) => step.name === name && step.kind === kind);
}

afterEach(async () => {
  await app?.close();
  app = undefined;
});

describe.each(ADAPTERS)('the times of a start on %s', (adapter) => {
  it('name what made it longer, and not what was created meanwhile or waited for it', async () => {
    // Started anew where other work of the machine fell into the start.
    await eventually(async () => {
      await app?.close();
      app = undefined;
      const report = await reportOf(await start(adapter));
      expect(stepOf(report, 'SlowConstructor')).toMatchObject({ module: 'SlowModule' });
      expect(stepOf(report, 'SlowConstructor')?.addedMs).toBeGreaterThan(55);
      expect(stepOf(report, 'Reader')?.addedMs).toBeLessThan(30);
      expect(stepOf(report, 'OfRoot')?.addedMs).toBeGreaterThan(45);
      // It was waited for while the other one was created.
      const connection = stepOf(report, 'CONNECTION');
      expect(connection?.durationMs).toBeGreaterThan(390);
      expect(connection?.addedMs).toBeLessThan(connection!.durationMs - 40);
      expect(stepOf(report, 'Connects', 'onModuleInit')?.addedMs).toBeGreaterThan(85);
      expect(stepOf(report, 'Connects', 'onApplicationBootstrap')?.addedMs).toBeGreaterThan(38);
      const slowest = report.steps.slice(0, 10).map(({ name }) => name);
      expect(slowest).toEqual(expect.arrayContaining(['SlowConstructor', 'Connects', 'OfRoot']));
    });
  });

  it('have no instance of a request, no alias, no value, and none that was loaded later', async () => {
    const running = await start(adapter);
    await running.get('/used');
    const report = await reportOf(running);
    for (const name of ['OfRequest', 'ALIAS', 'VALUE', 'Late', 'AppController']) {
      expect(stepOf(report, name)).toBeUndefined();
    }
    expect(stepOf(report, 'LoadsLate', 'onModuleInit')?.addedMs).toBeGreaterThan(28);
    expect(report.modules.map(({ name }) => name)).not.toContain('LateModule');
  });

  it('add up: phases to the whole, and the nodes of the tree to no more than their parent', async () => {
    const report = await reportOf(await start(adapter));
    const { phases, totalMs, tree } = report;
    let at = 0;
    for (const { startMs, durationMs } of phases) {
      expect(startMs).toBeCloseTo(at, 6);
      at += durationMs;
    }
    expect(at).toBeCloseTo(totalMs, 6);
    expect(phases.map(({ phase }) => phase).slice(-5)).toEqual([
      'instances',
      'setup',
      'on_module_init',
      'on_application_bootstrap',
      'listen',
    ]);
    const check = (node: typeof tree): void => {
      const children = node.children ?? [];
      expect(children.reduce((sum, { ms }) => sum + ms, 0)).toBeLessThanOrEqual(node.ms + 1);
      children.forEach(check);
    };
    check(tree);
    const slow = report.modules.find(({ name }) => name === 'SlowModule')!;
    expect(slow.addedMs).toBeCloseTo(slow.instancesMs + slow.hooksMs, 6);
    expect(slow.hooks).toBe(2);
  });

  it('say what monitoring itself cost', async () => {
    const { monitoring, modules } = await reportOf(await start(adapter));
    expect(monitoring.hooksMs).toBeGreaterThan(0);
    expect(monitoring.totalMs).toBeCloseTo(
      monitoring.importMs + monitoring.instancesMs + monitoring.hooksMs,
      6,
    );
    const own = modules.find(({ name }) => name === 'MonitoringCoreModule')!;
    expect(own.instances).toBeGreaterThan(20);
    expect(monitoring.instancesMs).toBeGreaterThanOrEqual(own.instancesMs - 1e-6);
  });

  it('are a metric, and JSON of the dashboard', async () => {
    const running = await start(adapter);
    const report = await reportOf(running);
    const samples = await running.samples('application_startup_seconds');
    expect(Object.fromEntries(samples.map(({ labels, value }) => [labels['phase'], value]))).toEqual(
      Object.fromEntries(report.phases.map(({ phase, durationMs }) => [phase, durationMs / 1000])),
    );
    const { status, body } = await running.get('/metrics-dashboard/api/diagnostics/startup');
    expect(status).toBe(200);
    expect(JSON.parse(body)).toEqual(JSON.parse(JSON.stringify(report)));
  });

  it.each([{ diagnostics: { startup: false } }, { diagnostics: false }, { requests: false, errors: false }])(
    'can be off: %j',
    async (options) => {
      const running = await start(adapter, options);
      const isOff = 'diagnostics' in options;
      if (!isOff) await reportOf(running);
      const { status } = await running.get('/metrics-dashboard/api/diagnostics/startup');
      expect(status).toBe(isOff ? 404 : 200);
      expect(running.app.get(StartupTimes).report() === undefined).toBe(isOff);
    },
  );

  it('leave the hooks of the application as they were', async () => {
    const running = await start(adapter);
    await reportOf(running);
    const connects = running.app.get(Connects, { strict: false });
    expect(Object.keys(connects)).toEqual([]);
    expect(Object.hasOwn(connects, 'onModuleInit')).toBe(false);
    await expect(connects.onModuleInit()).resolves.toBe('connected');
  });
});

/** What is observed while an application starts. */
const observed = (): unknown[] => [
  Reflect.get(Injector.prototype, 'instantiateClass'),
  Reflect.get(InstanceWrapper.prototype, 'removeInstanceByContextId'),
];

describe('an application that cannot be created', () => {
  it.each([
    ['a constructor throws', { provide: 'FAILING', useClass: FailingConstructor }, FAILURE.message],
    ['a factory throws', { provide: 'FAILING', useFactory: failing }, FAILURE.message],
    ['a factory rejects', { provide: 'FAILING', useFactory: async () => failing() }, FAILURE.message],
    ['a dependency is missing', { provide: 'FAILING', useFactory: failing, inject: ['MISSING'] }, 'MISSING'],
    [
      'a dependency of a provider for each request is missing',
      { provide: 'FAILING', useFactory: failing, inject: ['MISSING'], scope: Scope.REQUEST },
      'MISSING',
    ],
  ])(
    'fails with its own error, and leaves the creation of instances as it was: %s',
    async (_, provider, message) => {
      const before = observed();
      const testing = Test.createTestingModule({
        imports: [MonitoringModule.forRoot(WITHOUT_COLLECTORS)],
        providers: [
          { provide: 'LATER', useFactory: () => sleep(50) },
          { inject: ['LATER'], ...provider } as Provider,
        ],
      });
      await expect(testing.compile()).rejects.toThrow(message);
      await eventually(() => expect(observed()).toEqual(before));
    },
  );

  it('leaves the creation of instances as it was if a hook fails', async () => {
    const before = observed();
    const testing = await Test.createTestingModule({
      imports: [MonitoringModule.forRoot(WITHOUT_COLLECTORS)],
      providers: [{ provide: 'FAILING', useValue: { onModuleInit: failing } }],
    }).compile();
    await expect(testing.init()).rejects.toThrow(FAILURE.message);
    expect(observed()).toEqual(before);
  });
});

describe('the observation of a start', () => {
  afterEach(() => {
    jest.useRealTimers();
  });

  it('ends when no instance is created any more, as after a start that failed before it', () => {
    const before = observed();
    jest.useFakeTimers();
    const forgotten = new InstanceTimes();
    jest.advanceTimersByTime(1_999);
    expect(observed()).not.toEqual(before);
    jest.advanceTimersByTime(1);
    expect(observed()).toEqual(before);
    forgotten.stop();
  });

  it('goes on while a factory takes its time, up to a minute', async () => {
    const before = observed();
    jest.useFakeTimers();
    const observation = new InstanceTimes();
    const testing = Test.createTestingModule({
      providers: [{ provide: 'NEVER', useFactory: () => new Promise(() => undefined) }],
    });
    void testing.compile();
    await jest.advanceTimersByTimeAsync(59_999);
    expect(observed()).not.toEqual(before);
    await jest.advanceTimersByTimeAsync(1);
    expect(observed()).toEqual(before);
    observation.stop();
  });

  it('goes on when a request fails in another application', async () => {
    const before = observed();
    const other = await Test.createTestingModule({
      providers: [{ provide: 'FAILING', useFactory: failing, scope: Scope.REQUEST }],
    }).compile();
    const starting = new InstanceTimes();
    await expect(other.resolve('FAILING')).rejects.toThrow(FAILURE.message);
    expect(observed()).not.toEqual(before);
    starting.stop();
    expect(observed()).toEqual(before);
    await other.close();
  });
});

describe('an application that is created and closed, but never started', () => {
  it('leaves the creation of instances as it was', async () => {
    const before = observed();
    const testing = await Test.createTestingModule({
      imports: [MonitoringModule.forRoot(WITHOUT_COLLECTORS), SlowModule],
    }).compile();
    expect(observed()).not.toEqual(before);
    await testing.close();
    expect(observed()).toEqual(before);
  });
});
