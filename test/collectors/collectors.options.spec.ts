import { describe, expect, it } from '@jest/globals';
import { MonitoringOptionsError } from '../../lib/options/option-checks.js';
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
    [{ systems: {} }, 'Unknown key `systems` in `collectors`'],
    [{ runtime: 'on' }, '`collectors.runtime` must be true, false or an object of options; got a string.'],
    [{ system: 1 }, '`collectors.system` must be true, false or an object of options; got 1.'],
    [
      { system: { gpu: {} } },
      'Unknown key `gpu` in `collectors.system`. Known keys: intervalMs, cpu, memory, fileSystems, network, diskIo, processes.',
    ],
    [{ system: { intervalMs: 0 } }, `\`collectors.system.intervalMs\` must be ${INTERVAL}; got 0.`],
    [{ system: { cpu: 5 } }, '`collectors.system.cpu` must be true, false or an object of options; got 5.'],
    [
      { system: { cpu: { every: 5 } } },
      'Unknown key `every` in `collectors.system.cpu`. Known keys: intervalMs, timeoutMs.',
    ],
    [
      { system: { cpu: { intervalMs: '5' } } },
      `\`collectors.system.cpu.intervalMs\` must be ${INTERVAL}; got the string "5".`,
    ],
    [
      { system: { cpu: { timeoutMs: 1e12 } } },
      `\`collectors.system.cpu.timeoutMs\` must be ${INTERVAL}; got 1000000000000.`,
    ],
  ])('reject %j', (options, message) => {
    const resolve = () => resolveCollectors(options as CollectorsOptions);
    expect(resolve).toThrow(MonitoringOptionsError);
    expect(resolve).toThrow(message);
  });
});
