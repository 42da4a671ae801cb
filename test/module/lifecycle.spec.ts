import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { Controller, Get, Injectable, Module, type INestApplication } from '@nestjs/common';
import { ScheduleModule } from '@nestjs/schedule';
import { MonitoringModule, PrometheusExporter } from 'nestjs-monitoring';
import { HistorySampler } from '../../lib/history/history-sampler.js';
import { LIFECYCLE } from '../../lib/module/lifecycle.js';
import { type LifecycleStep, MOMENTS, type Moment } from '../../lib/module/lifecycle-step.js';
import { StepRunner } from '../../lib/module/step-runner.js';
import { ADAPTERS, createApp, eventually } from '../e2e/fixture/start-app.js';

const named = (moment: Moment): string[] =>
  LIFECYCLE.filter((step) => step.moment === moment).map(({ name }) => name);

describe('the list of what starts and ends', () => {
  it('is in the order of its moments, and names each step of a moment once', () => {
    const moments = LIFECYCLE.map(({ moment }) => MOMENTS.indexOf(moment));
    expect(moments).toEqual(moments.toSorted((a, b) => a - b));
    for (const moment of MOMENTS) expect(new Set(named(moment)).size).toBe(named(moment).length);
  });

  it('puts each step behind those that have to be done before it, and says why it is there', () => {
    const done: string[] = [];
    for (const { moment, name, after, why } of LIFECYCLE) {
      expect(done).toEqual(expect.arrayContaining(after.map((before) => `${moment} ${before}`)));
      expect(why).toMatch(/^[A-Z].*\.$/);
      done.push(`${moment} ${name}`);
    }
  });

  it('ends everything that it starts', () => {
    const partOf = (name: string): string => name.split(':')[0] ?? '';
    const started = LIFECYCLE.filter(({ name }) => /: (start|join|open)$/.test(name)).map(({ name }) =>
      partOf(name),
    );
    const ended = LIFECYCLE.filter(({ name }) => /: (stop|leave|close)$/.test(name)).map(({ name }) =>
      partOf(name),
    );
    expect(started.filter((part) => !ended.includes(part))).toEqual([]);
  });
});

/** Notes the steps of the library and the hooks of the application as they run. */
const calls: string[] = [];

@Injectable()
class Neighbour {
  onModuleInit = () => void calls.push('(onModuleInit)');
  onApplicationBootstrap = () => void calls.push('(onApplicationBootstrap)');
  onModuleDestroy = () => void calls.push('(onModuleDestroy)');
  beforeApplicationShutdown = () => void calls.push('(beforeApplicationShutdown)');
  onApplicationShutdown = () => void calls.push('(onApplicationShutdown)');
}

@Module({ providers: [Neighbour] })
class NeighbourModule {}

@Controller()
class RootController {
  @Get()
  root(): string {
    return 'root';
  }
}

@Module({
  imports: [NeighbourModule, MonitoringModule.forRoot(), ScheduleModule.forRoot()],
  controllers: [RootController],
  providers: [Neighbour],
})
class AppModule {}

/** The series of a scrape. */
async function seriesOf(app: INestApplication): Promise<string[]> {
  const text = await app.get(PrometheusExporter).generateText();
  return text.split('\n').flatMap((line) => (line.startsWith('#') ? [] : [line.replace(/ \S+$/, '')]));
}

describe.each(ADAPTERS)('an application on %s', (adapter) => {
  let app: INestApplication | undefined;

  afterEach(async () => {
    await app?.close();
    app = undefined;
    jest.restoreAllMocks();
    calls.length = 0;
  });

  function record(): void {
    for (const step of LIFECYCLE) {
      const original = step.run.bind(step);
      jest.spyOn(step as { run: LifecycleStep['run'] }, 'run').mockImplementation((part, lifecycle) => {
        calls.push(step.name);
        return original(part, lifecycle);
      });
    }
  }

  /** Again, with a new application, where a busy machine takes longer than the longest wait for a server to listen. */
  function beforeTheLongestWait(attempt: () => Promise<void>): Promise<void> {
    return eventually(async () => {
      await app?.close();
      calls.length = 0;
      app = await createApp(adapter, AppModule);
      await attempt();
    }, 30_000);
  }

  it('starts what can wait when its server listens', async () => {
    record();
    await beforeTheLongestWait(async () => {
      await app!.listen(0, '127.0.0.1');
      expect(calls).not.toContain('history: start');
    });
    await eventually(() => expect(calls).toContain('history: start'));
  });

  it('has every metric at a scrape that comes before what can wait', async () => {
    record();
    let first: string[] = [];
    await beforeTheLongestWait(async () => {
      await app!.init();
      first = await seriesOf(app!);
      expect(calls.filter((call) => named('serving').includes(call))).toEqual([]);
    });
    await eventually(() => expect(calls).toContain('history: start'));
    await app!.get(HistorySampler).sampleNow();
    const later = await seriesOf(app!);
    expect(first).toContain('system_memory_total_bytes');
    expect(first).toContain('monitoring_rule_evaluations_total{rule="cpu_percent_warning"}');
    // What shows the work of the library itself, or that of the garbage collector, depends on what was done so far. The
    // times of a start are known once it is over.
    const ofWork =
      /^(application_startup_seconds|monitoring_(series|health)|nodejs_(active|gc|heap(_size)?_after_gc)_)/;
    expect(later.filter((series) => !first.includes(series) && !ofWork.test(series))).toEqual([]);
  });

  it('never starts what can wait if it ends before', async () => {
    record();
    await beforeTheLongestWait(async () => {
      await app!.init();
      await app!.close();
      app = undefined;
      await new Promise((resolve) => setTimeout(resolve, 300));
      expect(calls.filter((call) => named('serving').includes(call))).toEqual([]);
    });
  });

  it('starts and ends in the order of the list, around the hooks of all other modules', async () => {
    record();
    app = await createApp(adapter, AppModule);
    await app.init();
    const hasPart = (name: string): boolean => calls.includes(name);
    expect(calls).toEqual([
      ...named('init').filter(hasPart),
      '(onModuleInit)',
      '(onModuleInit)',
      ...named('bootstrap').filter(hasPart),
      '(onApplicationBootstrap)',
      '(onApplicationBootstrap)',
      ...named('started').filter(hasPart),
    ]);
    for (const name of ['http: install', 'endpoints: mount']) expect(calls).toContain(name);

    calls.length = 0;
    await eventually(() => expect(calls).toEqual(named('serving')));
    calls.length = 0;
    await app.close();
    const hooks = calls.filter((call) => call.startsWith('(') || !named('shutdown').includes(call));
    expect(hooks).toEqual([
      ...named('closing'),
      '(onModuleDestroy)',
      '(onModuleDestroy)',
      '(beforeApplicationShutdown)',
      '(beforeApplicationShutdown)',
      ...named('disconnecting'),
      ...named('closed'),
      '(onApplicationShutdown)',
      '(onApplicationShutdown)',
    ]);
    const shutdown = calls.filter((call) => named('shutdown').includes(call));
    expect(calls.slice(-shutdown.length)).toEqual(shutdown);
    for (const { name, after } of LIFECYCLE.filter(({ moment }) => moment === 'shutdown')) {
      if (!shutdown.includes(name)) continue;
      for (const before of after.filter((other) => shutdown.includes(other))) {
        expect(shutdown.indexOf(before)).toBeLessThan(shutdown.indexOf(name));
      }
    }
  });
});

describe('a runner of steps', () => {
  class Part {}
  const part = new Part();
  const step = (
    moment: Moment,
    name: string,
    run: () => void | Promise<void>,
    after: readonly string[] = [],
  ): LifecycleStep => ({ moment, name, part: Part, after, why: 'A test.', run });

  function runnerOf(...steps: LifecycleStep[]): { runner: StepRunner; warnings: string[] } {
    const warnings: string[] = [];
    const logger = { warn: (message: string) => void warnings.push(message) };
    return { runner: new StepRunner(new Map([[Part, part]]), logger, steps), warnings };
  }

  it('runs each step of the moment of serving in a turn of its own, and logs one that fails', async () => {
    const ran: string[] = [];
    const { runner, warnings } = runnerOf(
      step('serving', 'broken', () => {
        ran.push('broken');
        throw new Error('as planned');
      }),
      step('serving', 'fine', () => {
        ran.push('fine');
        void runner.end('closing');
      }),
      step('serving', 'last', () => void ran.push('last')),
    );
    runner.serve();
    expect(ran).toEqual([]);
    await eventually(() => expect(ran).toContain('fine'));
    expect(warnings).toEqual(['"broken" failed when the application had started: as planned']);
    await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
    expect(ran).toEqual(['broken', 'fine']);
  });

  it('starts one step after the other, and stops at the first that fails', async () => {
    const ran: string[] = [];
    const { runner } = runnerOf(
      step('init', 'slow', async () => {
        await new Promise((resolve) => setImmediate(resolve));
        ran.push('slow');
      }),
      step('init', 'fails', () => Promise.reject(new Error('no port'))),
      step('init', 'late', () => void ran.push('late')),
    );
    await expect(runner.start('init')).rejects.toThrow('no port');
    expect(ran).toEqual(['slow']);
  });

  it('ends all steps at once but those that wait for others, however those end', async () => {
    const ran: string[] = [];
    let push: () => void = () => undefined;
    const pushed = new Promise<void>((_, reject) => (push = () => reject(new Error('no network'))));
    const { runner, warnings } = runnerOf(
      step('shutdown', 'exporters: stop', () => pushed),
      step('shutdown', 'collectors: stop', () => void ran.push('collectors'), ['exporters: stop']),
      step('shutdown', 'history: stop', () => {
        ran.push('history');
        throw new Error('odd');
      }),
    );
    const ended = runner.end('shutdown');
    await new Promise((resolve) => setImmediate(resolve));
    expect(ran).toEqual(['history']);
    push();
    await ended;
    expect(ran).toEqual(['history', 'collectors']);
    expect(warnings).toEqual([
      '"history: stop" failed at the end of the application: odd',
      '"exporters: stop" failed at the end of the application: no network',
    ]);
  });

  it('ends once, and leaves out the parts that are off', async () => {
    let count = 0;
    const ended = step('shutdown', 'history: stop', () => void count++);
    const { runner } = runnerOf(ended, { ...ended, name: 'off', part: class Off {} });
    runner.abort();
    await Promise.all([runner.end('shutdown'), runner.end('shutdown')]);
    expect(count).toBe(1);
  });
});
