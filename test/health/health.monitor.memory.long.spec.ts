import { describe, expect, it } from '@jest/globals';
import { HealthMonitor, MetricsRegistry } from 'nestjs-monitoring';
import { bytesInUse, FakeClock } from '../metrics/support.js';
import { ScriptedCheck } from './support.js';

describe('100 000 probes', () => {
  it('leak no memory', async () => {
    const registry = new MetricsRegistry();
    const monitor = new HealthMonitor({ cacheMs: 0, clock: new FakeClock(), registry });
    for (const behaviour of ['ok', 'rejecting', 'flapping'] as const) {
      monitor.addCheck(new QuietCheck(behaviour));
    }
    const probe = async (times: number): Promise<void> => {
      for (let i = 0; i < times; i++) await monitor.runHealthChecks();
    };
    await probe(5_000);
    const growth: number[] = [];
    for (let round = 0; round < 5; round++) {
      const before = bytesInUse();
      await probe(20_000);
      growth.push(bytesInUse() - before);
    }
    // A timer, listener or controller left by each of the 20 000 probes of a round would be far more.
    expect(Math.min(...growth)).toBeLessThan(500_000);
  }, 180_000);
});

/** A scripted check that does not keep its signals. */
class QuietCheck extends ScriptedCheck {
  constructor(behaviour: ScriptedCheck['behaviour']) {
    super(behaviour, behaviour);
  }

  override check(signal: AbortSignal): ReturnType<ScriptedCheck['check']> {
    this.signals.length = 0;
    return super.check(signal);
  }
}
