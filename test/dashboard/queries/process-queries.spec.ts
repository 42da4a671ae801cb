import { describe, expect, it } from '@jest/globals';
import { ownPanelQueries } from '../../../lib/dashboard/queries/own-panel-queries.js';
import { processQueries } from '../../../lib/dashboard/queries/process-queries.js';
import { FakeClock } from '../../metrics/support.js';
import { contextOf, parameters, refusalOf } from './support.js';

/** The queries of a process of which nothing is known. */
function unknownProcess() {
  return processQueries(
    contextOf({
      startup: { report: () => undefined },
      process: { report: () => Promise.resolve(undefined), inFlight: () => Promise.resolve(undefined) },
      lastExit: { enabled: false, file: undefined, get: () => undefined },
      blocks: { find: () => [] },
    }),
  );
}

describe('the queries about a process', () => {
  it.each([
    ['diagnostics/startup', 'The times of the start are not known.'],
    ['diagnostics/process', '`diagnostics.processInfo` is false.'],
    ['diagnostics/in-flight', '`diagnostics.processInfo` is false.'],
  ] as const)('say why there is no %s', async (name, message) => {
    expect(await refusalOf(() => unknownProcess()[name](parameters('')))).toEqual([404, message]);
  });

  it('say that nothing is known of the end of the process before', () => {
    const exit = unknownProcess()['diagnostics/last-exit'](parameters(''));
    // A member that is left out of JSON says nothing.
    expect(JSON.parse(JSON.stringify(exit))).toEqual({ enabled: false, file: null, exit: null });
  });

  it('have what the process knows', async () => {
    const queries = processQueries(
      contextOf({
        startup: { report: () => ({ totalMs: 812 }) },
        process: {
          report: () => Promise.resolve({ pid: 17 }),
          inFlight: () => Promise.resolve({ operations: [] }),
        },
        lastExit: { enabled: true, file: '/data/flight', get: () => ({ isClean: false }) },
        blocks: { find: () => [{ durationMs: 120 }] },
      }),
    );
    expect(queries['diagnostics/startup'](parameters(''))).toEqual({ totalMs: 812 });
    expect(await queries['diagnostics/process'](parameters(''))).toEqual({ pid: 17 });
    expect(await queries['diagnostics/in-flight'](parameters(''))).toEqual({ operations: [] });
    expect(queries['diagnostics/last-exit'](parameters(''))).toMatchObject({ exit: { isClean: false } });
    expect(queries.blocks(parameters(''))).toEqual({ blocks: [{ durationMs: 120 }] });
  });
});

describe('the summary of a process', () => {
  it('ends now by the clock of the application, which need not be that of the machine', async () => {
    const clock = new FakeClock();
    const queries = processQueries(
      contextOf({
        blocks: {
          find: () => [{ startedAt: clock.now() - 1_000, durationMs: 120, culprit: 'Reports.total' }],
        },
        lastExit: { enabled: false },
        memory: { report: () => ({}) },
        logLevels: { read: () => ({}) },
        instance: { host: 'web-1', pid: 17, startedAt: clock.now() - 90_000 },
        clock,
      }),
    );
    const { figures } = JSON.parse(String(await queries.process(parameters('range=60000')))) as {
      figures: { title: string; value: unknown }[];
    };
    const shown = Object.fromEntries(figures.map(({ title, value }) => [title, value]));
    expect(shown).toMatchObject({ 'Event loop blocks': 1, 'Running for': 90 });
  });
});

describe('the queries about panels of the application', () => {
  it('say that there are none, before they look at what was asked', async () => {
    const queries = ownPanelQueries(contextOf());
    for (const ask of [
      () => queries.panels(parameters('page=Shop&range=x')),
      () => queries['panels/action']({ panel: 7 }),
    ]) {
      expect(await refusalOf(ask)).toEqual([404, 'There are no panels.']);
    }
  });
});
