import { describe, expect, it } from '@jest/globals';
import { HealthMonitor, MetricsRegistry } from 'nestjs-monitoring';
import { FakeClock, leastGrowth } from '../metrics/support.js';
import { ScriptedCheck } from './support.js';

/** A timer, listener or controller left by each of the 20 000 probes of a round would be far more. */
const MOST_BYTES = 500_000;

describe('20 000 probes', () => {
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
    expect(await leastGrowth(() => probe(20_000), MOST_BYTES, 5)).toBeLessThan(MOST_BYTES);
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
