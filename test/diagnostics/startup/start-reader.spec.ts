import { describe, expect, it } from '@jest/globals';
import {
  ownModuleNames,
  readStart,
  slowestLine,
  startSteps,
} from '../../../lib/diagnostics/startup/start-reader.js';
import type {
  InstanceTime,
  StartedInstance,
  StartTimes,
} from '../../../lib/diagnostics/startup/start-times.js';

const OBSERVER = Symbol('observer');
const EMPTY = new Map<unknown, StartedInstance>();

function instanceOf(token: unknown, more: Partial<StartedInstance> = {}): StartedInstance {
  return {
    token,
    instance: {},
    isAlias: false,
    isTransient: false,
    initTime: 10,
    isDependencyTreeStatic: () => true,
    ...more,
  };
}

/** The times of a start with these providers, each with the time in which it was created. */
function startOf(
  created: readonly (readonly [provider: StartedInstance, from: number, to: number])[],
  more: Partial<StartTimes> = {},
): StartTimes {
  const times = new Map<object, InstanceTime>(
    created.map(([provider, startedAt, endedAt]) => [provider, { startedAt, endedAt }]),
  );
  const observer = instanceOf(OBSERVER, { initTime: 2 });
  const providers = new Map<unknown, StartedInstance>([
    [OBSERVER, observer],
    ...created.map(([provider]) => [provider.token, provider] as const),
  ]);
  return {
    modules: [{ name: 'AppModule', providers, injectables: EMPTY, controllers: EMPTY }],
    hooks: [],
    ownTokens: [],
    imports: undefined,
    observed: (wrapper) => times.get(wrapper),
    observer: { token: OBSERVER, startedAt: 102 },
    init: { from: 1_000, to: 1_010 },
    bootstrap: { from: 1_200, to: 1_201 },
    started: { from: 1_300, to: 1_301 },
    listeningAt: undefined,
    ...more,
  };
}

describe('the reader of a start', () => {
  it('keeps the slowest 300 of many steps, in order, and reads them in small pieces', () => {
    // Each instance ends later than the one before it by a time that differs.
    let at = 110;
    const created = Array.from({ length: 2_000 }, (_, i) => {
      const from = at;
      at += (i * 7_919) % 2_000;
      return [instanceOf(`step ${(i * 7_919) % 2_000}`), from, at] as const;
    });
    const work = startSteps(startOf(created));
    let pieces = 0;
    for (;;) {
      const { done, value } = work.next();
      pieces++;
      if (!done) continue;
      const expected = Array.from({ length: 300 }, (_, i) => `step ${1_999 - i}`);
      expect(value.steps.map(({ name }) => name)).toEqual(expected);
      // One more is the hook of the library itself.
      expect(value.omitted.steps).toBe(1_701);
      expect(pieces).toBeGreaterThan(5 * 2_000);
      return;
    }
  });

  it('adds only the time by which a step made the start longer', async () => {
    const { steps } = await readStart(
      startOf([
        [instanceOf('waits 400 ms'), 110, 510],
        [instanceOf('waits 300 ms meanwhile'), 110, 410],
        [instanceOf('blocks 100 ms meanwhile'), 120, 220],
        [instanceOf('begins later'), 600, 650],
      ]),
    );
    expect(
      Object.fromEntries(steps.map(({ name, durationMs, addedMs }) => [name, [durationMs, addedMs]])),
    ).toEqual({
      'blocks 100 ms meanwhile': [100, 100],
      'waits 300 ms meanwhile': [300, 190],
      'waits 400 ms': [400, 100],
      'begins later': [50, 50],
      AppModule: [10, 10],
    });
  });

  it('leaves out what is no part of the start', async () => {
    const { steps } = await readStart(
      startOf([
        [instanceOf('alias', { isAlias: true }), 110, 120],
        [instanceOf('transient', { isTransient: true }), 110, 120],
        [instanceOf('of requests', { isDependencyTreeStatic: () => false }), 110, 120],
      ]),
    );
    expect(steps.map(({ name }) => name)).toEqual(['AppModule']);
  });

  it('has the phases one after the other, without those that are not known', async () => {
    const instances = [[instanceOf('a'), 110, 510]] as const;
    const { phases, totalMs } = await readStart(startOf(instances));
    expect(phases).toEqual([
      { phase: 'instances', startMs: 0, durationMs: 410 },
      { phase: 'setup', startMs: 410, durationMs: 490 },
      { phase: 'on_module_init', startMs: 900, durationMs: 200 },
      { phase: 'on_application_bootstrap', startMs: 1_100, durationMs: 101 },
    ]);
    expect(totalMs).toBe(1_201);
    const imports = { libraryMs: 5, definedAt: 90 };
    const all = await readStart(startOf(instances, { imports, listeningAt: 1_400 }));
    expect(all.phases.map(({ phase }) => phase)).toEqual([
      'node',
      'imports',
      'scan',
      'instances',
      'setup',
      'on_module_init',
      'on_application_bootstrap',
      'listen',
    ]);
    expect(all.totalMs).toBeCloseTo(1_400, 6);
    expect(all.monitoring).toMatchObject({ importMs: 5, hooksMs: 12 });
  });

  it('shows no secret and no object of a token, and cuts long ones', async () => {
    const hostile = {
      toString: () => {
        throw new Error('hostile');
      },
    };
    const { steps } = await readStart(
      startOf([
        [instanceOf('postgres://user:planted@host/db'), 110, 120],
        [instanceOf('x'.repeat(10_000)), 110, 121],
        [instanceOf(hostile), 110, 122],
        [instanceOf(Symbol('ID')), 110, 123],
        [instanceOf(class {}), 110, 124],
      ]),
    );
    expect(JSON.stringify(steps)).not.toContain('planted');
    expect(steps.map(({ name }) => name)).toEqual(expect.arrayContaining(['(object)', 'ID']));
    expect(Math.max(...steps.map(({ name }) => name.length))).toBeLessThanOrEqual(100);
  });

  it('of a start without modules and hooks is empty', async () => {
    const report = await readStart(
      startOf([], { modules: [], init: undefined, bootstrap: undefined, started: undefined }),
    );
    expect(report).toMatchObject({ steps: [], modules: [], omitted: { modules: 0, steps: 0 } });
  });
});

describe('the line about a start', () => {
  const OWN = Symbol('own');

  it('names the phases and the three slowest of the application, and is left out if nothing was slow', async () => {
    const slow = Array.from(
      { length: 20 },
      (_, i) => [instanceOf(`Slow${i}`), 200 + i * 10, 205 + i * 10] as const,
    );
    const lineOf = async (times: StartTimes) => slowestLine(await readStart(times), ownModuleNames(times));
    expect(await lineOf(startOf(slow))).toMatch(
      /^The start took \d+ ms: instances \d+ ms, setup \d+ ms, on_module_init 200 ms, on_application_bootstrap 101 ms\. Slowest: onModuleInit of AppModule in AppModule 10 ms, Slow\d+ in AppModule 5 ms, Slow\d+ in AppModule 5 ms\.$/,
    );
    const { modules, ...times } = startOf(slow);
    const ownModule = {
      name: 'OwnModule',
      providers: new Map([...modules[0]!.providers, [OWN, instanceOf(OWN)]]),
      injectables: EMPTY,
      controllers: EMPTY,
    };
    expect(await lineOf({ ...times, modules: [ownModule], ownTokens: [OWN] })).toMatch(
      /^The start took \d+ ms: [^.]* on_application_bootstrap 101 ms\.$/,
    );
    expect(await lineOf(startOf([], { init: undefined }))).toBeUndefined();
  });

  it('does not leave out a module of the application that has the name of one of this library', async () => {
    const { modules, ...times } = startOf([[instanceOf('Slow'), 200, 220]]);
    const [ofApplication] = modules;
    const own = { ...ofApplication!, providers: new Map([[OWN, instanceOf(OWN)]]) };
    const started = { ...times, modules: [ofApplication!, own], ownTokens: [OWN] };
    expect(slowestLine(await readStart(started), ownModuleNames(started))).toContain('Slow in AppModule');
  });
});
