import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { afterEach, describe, expect, it } from '@jest/globals';
import { Profiles } from '../../../lib/diagnostics/profiles/profiles.js';
import { ProfilesLifecycle } from '../../../lib/diagnostics/profiles/profiles.lifecycle.js';
import { resolveProfiles } from '../../../lib/diagnostics/profiles/profiles.options.js';
import { estimateSnapshot, heapUse } from '../../../lib/diagnostics/profiles/snapshot-estimate.js';
import { systemClock } from '../../../lib/metrics/clock.js';
import { SafeLogger } from '../../../lib/primitives/safe-logger.js';
import { eventually } from '../../support/eventually.js';

@Module({})
class EmptyModule {}

describe('the signal that captures a profile', () => {
  const lines: string[] = [];
  const logger = new SafeLogger({
    log: (line: string) => void lines.push(line),
    warn: (line: string) => void lines.push(line),
  });
  const ownListener = (): void => undefined;
  let lifecycle: ProfilesLifecycle | undefined;

  afterEach(() => {
    lifecycle?.stop();
    process.off('SIGUSR2', ownListener);
    lines.length = 0;
  });

  function start(kind: 'report' | false): void {
    const profiles = new Profiles({
      // A directory that cannot be created.
      limits: { directory: '/dev/null/profiles', maxFiles: 1, maxBytes: 1 },
      clock: systemClock,
      memory: async () => undefined,
    });
    lifecycle = new ProfilesLifecycle(profiles, kind, logger);
    lifecycle.start();
  }

  it('is listened to by option only, and no longer than the application runs', () => {
    start(false);
    expect(process.listenerCount('SIGUSR2')).toBe(0);
    start('report');
    expect(process.listenerCount('SIGUSR2')).toBe(1);
    lifecycle?.stop();
    expect(process.listenerCount('SIGUSR2')).toBe(0);
  });

  it('stays with an application that listens to it', () => {
    process.on('SIGUSR2', ownListener);
    start('report');
    expect(process.listeners('SIGUSR2')).toEqual([ownListener]);
    expect(lines).toEqual([
      expect.stringContaining('SIGUSR2 captures no profile: the application listens to it'),
    ]);
  });

  it('stays with Nest if it closes the application, which is said', async () => {
    const app = await NestFactory.createApplicationContext(EmptyModule, { logger: false });
    app.enableShutdownHooks();
    start('report');
    expect(process.listenerCount('SIGUSR2')).toBe(1);
    expect(lines).toEqual([
      expect.stringContaining('app.enableShutdownHooks() does unless it is given signals'),
    ]);
    await app.close();
  });

  it('stays with an application that begins to listen to it later', async () => {
    start('report');
    process.on('SIGUSR2', ownListener);
    process.kill(process.pid, 'SIGUSR2');
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(lines).toEqual([]);
  });

  it('says what fails, and goes on', async () => {
    start('report');
    process.kill(process.pid, 'SIGUSR2');
    await eventually(() => expect(lines).toHaveLength(1));
    expect(lines[0]).toMatch(/^SIGUSR2: The profile could not be captured: (ENOTDIR|EEXIST)/);
  });
});

describe('the options of profiles', () => {
  it('need credentials in production unless they are given', () => {
    expect(resolveProfiles(undefined, 'production')).toMatchObject({ needsAuth: true, maxFiles: 20 });
    expect(resolveProfiles({}, 'production')).toMatchObject({ needsAuth: false });
    expect(resolveProfiles(undefined, 'test')).toMatchObject({ needsAuth: false, signal: false });
    expect(resolveProfiles(false, 'test')).toBe(false);
  });

  it.each([
    [{ signal: 'everything' }, '`diagnostics.profiles.signal` must be one of cpuProfile, allocations'],
    [{ maxFiles: 0 }, '`diagnostics.profiles.maxFiles` must be'],
    [{ directory: '' }, '`diagnostics.profiles.directory` must be a non-empty string'],
    [{ folder: 'x' }, 'diagnostics.profiles'],
  ])('are checked: %j', (options, message) => {
    expect(() => resolveProfiles(options as never)).toThrow(message);
  });
});

describe('the estimate of a heap snapshot', () => {
  it('needs much more memory for small objects than for large ones', () => {
    const room = { total: 3e9, used: 1e9 };
    expect(estimateSnapshot({ small: 90e6, large: 0 }, room)).toMatchObject({ isPossible: true });
    expect(estimateSnapshot({ small: 110e6, large: 0 }, room)).toMatchObject({ isPossible: false });
    expect(estimateSnapshot({ small: 10e6, large: 600e6 }, room)).toMatchObject({ isPossible: true });
  });

  it('is not possible where it is unknown how much memory there is', () => {
    expect(estimateSnapshot({ small: 1, large: 0 }, undefined)).toMatchObject({
      isPossible: false,
      availableBytes: null,
    });
  });

  it('is about the heap of this process', () => {
    expect(heapUse().small).toBeGreaterThan(1e6);
  });
});
