import { expect } from '@jest/globals';
import type { Alert } from 'nestjs-monitoring';
import { line, queueRule, testAlerting, type TestAlerting } from '../support.js';

/** An application that was restarted a second after the file was written. */
export function restarted(stateFile: string, notified: string[] = [], rules = [queueRule()]): TestAlerting {
  const test = testAlerting({ stateFile });
  test.registry.gauge('queue_length', 'Jobs.', { labelNames: ['queue'] });
  for (const rule of rules) test.alerting.addAlertRule(rule);
  test.alerting.addAlertHandler((alert: Alert) => void notified.push(line(alert)), { name: 'page' });
  return test;
}

/** Starts, evaluates twice, and is still able to tell of an alert of now. */
export async function works(test: TestAlerting, notified: string[]): Promise<void> {
  test.alerting.start();
  const queue = test.registry.gauge('queue_length', 'Jobs.', { labelNames: ['queue'] });
  await test.step(() => queue.set({ queue: 'now' }, 12));
  await test.step();
  expect(notified).toContain('long_queue now firing 12');
  expect(test.alerting.alerts().map(line)).toContain('long_queue now firing 12');
  test.alerting.silences();
  test.alerting.handlers();
  await test.alerting.stop();
}
