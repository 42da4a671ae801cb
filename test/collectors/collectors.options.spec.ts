import { describe, expect, it } from 'vitest';
import { MonitoringOptionsError } from 'nestjs-monitoring';
import { type CollectorsOptions, resolveCollectors } from '../../lib/collectors/collectors.options.js';

const INTERVAL = 'a number of milliseconds from 1 to 2147483647';

describe('the options of the collectors', () => {
  it('read the system every 10 s by default', () => {
    expect(resolveCollectors().system).toMatchObject({
      cpu: { intervalMs: 10_000 },
      fileSystems: { intervalMs: 10_000 },
    });
  });

  it('slow one system collector down and disable another', () => {
    const system = {
      intervalMs: 5_000,
      network: false,
      fileSystems: { intervalMs: 60_000, timeoutMs: 2_000 },
    } as const;
    expect(resolveCollectors({ system }).system).toMatchObject({
      cpu: { intervalMs: 5_000 },
      network: false,
      fileSystems: { intervalMs: 60_000, timeoutMs: 2_000 },
    });
  });

  it('disable all collectors', () => {
    expect(resolveCollectors({ system: false, runtime: false })).toMatchObject({
      system: false,
      runtime: false,
    });
  });

  it.each<[unknown, string]>([
    [{ systems: {} }, 'Expected collectors to have only the keys'],
    [{ runtime: true }, 'Expected collectors.runtime to be an object, got true (boolean).'],
    [{ system: true }, 'Expected collectors.system to be an object, got true (boolean).'],
    [
      { system: { gpu: {} } },
      'Expected collectors.system to have only the keys intervalMs, cpu, memory, fileSystems, network, diskIo, processes, got gpu.',
    ],
    [
      { system: { intervalMs: 0 } },
      `Expected collectors.system.intervalMs to be ${INTERVAL}, got 0 (number).`,
    ],
    [{ system: { cpu: 5 } }, 'Expected collectors.system.cpu to be an object, got 5 (number).'],
    [
      { system: { cpu: { every: 5 } } },
      'Expected collectors.system.cpu to have only the keys intervalMs, timeoutMs, got every.',
    ],
    [
      { system: { cpu: { intervalMs: '5' } } },
      `Expected collectors.system.cpu.intervalMs to be ${INTERVAL}, got "5" (string).`,
    ],
    [
      { system: { cpu: { timeoutMs: 1e12 } } },
      `Expected collectors.system.cpu.timeoutMs to be ${INTERVAL}, got 1000000000000 (number).`,
    ],
  ])('reject %j', (options, message) => {
    const resolve = () => resolveCollectors(options as CollectorsOptions);
    expect(resolve).toThrow(MonitoringOptionsError);
    expect(resolve).toThrow(message);
  });
});
