import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { HeapSampling } from '../../../lib/diagnostics/heap-sampling.js';
import { AllocationSites } from '../../../lib/diagnostics/memory/allocation-sites.js';
import { LiveReadings } from '../../../lib/diagnostics/memory/live-readings.js';
import { Profiles } from '../../../lib/diagnostics/profiles/profiles.js';
import { CallSites } from '../../../lib/instrumentation/requests/call-sites.js';
import { systemClock } from '../../../lib/metrics/clock.js';
import { eventually } from '../../support/eventually.js';

const WINDOW_MS = 1_000;
const kept: unknown[] = [];

function keepMuch(megabytes: number): void {
  for (let i = 0; i < megabytes * 10; i++) kept.push(Array.from({ length: 12_500 }, () => i + 0.5));
}

/** The search for memory that grows and profiles of allocations, which share the sampler of V8. */
describe('a profile of allocations while live memory is sampled', () => {
  const sampling = HeapSampling.shared();
  let directory: string;
  let profiles: Profiles;
  let sites: AllocationSites;
  let readings: LiveReadings;
  let now = 0;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'profiles-'));
    profiles = new Profiles({
      limits: { directory, maxFiles: 20, maxBytes: 2 ** 30 },
      clock: systemClock,
      memory: async () => undefined,
    });
    now = 0;
    sites = new AllocationSites(new CallSites());
    readings = new LiveReadings(sites, WINDOW_MS, sampling, () => now);
    await readings.start();
  });

  afterEach(async () => {
    readings.stop();
    profiles.stop();
    kept.length = 0;
    await eventually(() => expect(sampling.isRecording).toBe(false));
    await rm(directory, { recursive: true, force: true });
  });

  /** Reads as soon as it is due again. */
  function read(): Promise<boolean> {
    now += 1_000_000;
    return readings.readIfDue({ now, isGrowing: true, hasWorsened: true, isFloorUnknown: true });
  }

  function namesOfGrowing(): string[] {
    return sites.growingSince(0).map(({ site, callers }) => [site, ...callers].join(' '));
  }

  it('has what was allocated meanwhile, and the search names what has grown since then', async () => {
    keepMuch(20);
    expect(await read()).toBe(true);
    expect(namesOfGrowing()[0]).toContain('keepMuch');

    const capturing = profiles.capture('allocations', { seconds: 1 });
    const over = new AbortController();
    const end = (): void => over.abort();
    capturing.then(end, end);
    await eventually(() => expect(sampling.isRecording).toBe(true));
    expect(await read()).toBe(false);
    // By a timer: however late it is, it comes before the end of the capture, which is due later.
    for (; !over.signal.aborted; await sleep(50)) keepMuch(1);
    const { name } = await capturing;
    const chunks: Buffer[] = [];
    for await (const chunk of (await profiles.read(name)).open()) chunks.push(chunk as Buffer);
    expect(Buffer.concat(chunks).toString()).toContain('keepMuch');

    keepMuch(20);
    expect(await read()).toBe(true);
    expect(namesOfGrowing()[0]).toContain('keepMuch');
  });

  it('that the end of the application interrupts leaves nothing running', async () => {
    const capturing = profiles.capture('allocations', { seconds: 60 });
    await eventually(() => expect(sampling.isRecording).toBe(true));
    profiles.stop();
    readings.stop();
    await expect(capturing).rejects.toThrow('The application ends.');
    expect(sampling.isRecording).toBe(false);
    expect(await sampling.readLive()).toBeUndefined();
    const recording = await sampling.record({ intervalBytes: 32 * 1024 });
    await recording.cancel();
  });

  it('is not sampled for an application that ended while it started', async () => {
    readings.stop();
    const ended = new LiveReadings(sites, WINDOW_MS, sampling, () => now);
    const starting = ended.start();
    ended.stop();
    await starting;
    expect(await sampling.readLive()).toBeUndefined();
  });
});
