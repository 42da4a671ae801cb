import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { AlertmanagerHandler } from '../../lib/alerting/handlers/alertmanager.handler.js';
import { queueRule, SECOND, testAlerting } from './support.js';

const INTERVAL_MS = 15 * SECOND;

interface PostedAlert {
  readonly labels: Readonly<Record<string, string>>;
  readonly endsAt: string;
}

/** What Alertmanager does with the alerts that it receives: the last end of an alert counts, until it has passed. */
class AlertmanagerModel {
  /** What it would tell, in order. */
  readonly notified: string[] = [];
  private readonly ends = new Map<string, number>();
  private readonly active = new Set<string>();
  private server: Server | undefined;
  url = '';

  async start(): Promise<void> {
    this.server = createServer((request, response) => {
      let text = '';
      request.setEncoding('utf8').on('data', (part: string) => (text += part));
      request.on('end', () => {
        for (const { labels, endsAt } of JSON.parse(text) as PostedAlert[]) {
          this.ends.set(labels['queue'] ?? '', Date.parse(endsAt));
        }
        response.end();
      });
    }).listen(0, '127.0.0.1');
    await once(this.server, 'listening');
    this.url = `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  at(now: number): void {
    for (const [queue, end] of this.ends) {
      if (end > now === this.active.has(queue)) continue;
      if (end > now) this.active.add(queue);
      else this.active.delete(queue);
      this.notified.push(`${queue} ${end > now ? 'firing' : 'resolved'}`);
    }
  }

  stop(): void {
    this.server?.closeAllConnections();
    this.server?.close();
  }
}

let alertmanager: AlertmanagerModel;
const closing: (() => Promise<void>)[] = [];

beforeEach(async () => {
  alertmanager = new AlertmanagerModel();
  await alertmanager.start();
});

afterEach(async () => {
  for (const close of closing.splice(0)) await close();
  alertmanager.stop();
});

/** An instance of an application whose queue may be long. */
function instance() {
  const { alerting, registry, step, clock } = testAlerting();
  const queue = registry.gauge('queue_length', 'Jobs.', { labelNames: ['queue'] });
  alerting.addAlertRule(queueRule());
  alerting.addAlertHandler(new AlertmanagerHandler({ url: alertmanager.url }));
  alerting.start();
  let isOver = false;
  const stop = async (): Promise<void> => {
    if (!isOver) await alerting.stop();
    isOver = true;
  };
  closing.push(stop);
  return {
    alerting,
    clock,
    stop,
    set: (length: number) => queue.set({ queue: 'mail' }, length),
    step: async () => (isOver ? clock.advance(INTERVAL_MS) : step()),
  };
}

type Instance = ReturnType<typeof instance>;

/** What happens at a step, by its number; 40 steps are ten minutes. */
type Story = Readonly<Record<number, (first: Instance, second: Instance) => void | Promise<void>>>;

const STORIES: readonly (readonly [title: string, story: Story])[] = [
  [
    'the first recovers long before the second',
    { 5: (first) => first.set(1), 40: (_, second) => second.set(1) },
  ],
  [
    'the second recovers long before the first',
    { 5: (_, second) => second.set(1), 40: (first) => first.set(1) },
  ],
  ['the first is stopped', { 5: (first) => first.stop(), 40: (_, second) => second.set(1) }],
  [
    'the first loses its rule',
    { 5: (first) => first.alerting.removeAlertRule('long_queue'), 40: (_, second) => second.set(1) },
  ],
  [
    'the first goes up and down',
    {
      ...Object.fromEntries(
        Array.from({ length: 30 }, (_, i) => [5 + i, (first: Instance) => first.set(i % 2 === 0 ? 1 : 11)]),
      ),
      39: (first) => first.set(1),
      40: (_, second) => second.set(1),
    },
  ],
  [
    'they take turns',
    {
      5: (first) => first.set(1),
      15: (first) => first.set(11),
      16: (_, second) => second.set(1),
      26: (_, second) => second.set(11),
      27: (first) => first.set(1),
      40: (_, second) => second.set(1),
    },
  ],
];

describe('two instances at one Alertmanager', () => {
  it.each(STORIES)('never contradict each other: %s', async (_, story) => {
    const [first, second] = [instance(), instance()];
    for (const each of [first, second]) each.set(11);
    for (let step = 0; step < 80; step++) {
      await story[step]?.(first, second);
      for (const each of [first, second]) {
        await each.step();
        alertmanager.at(each.clock.now());
      }
      expect(alertmanager.notified).toEqual(
        step < 40 ? ['mail firing'] : expect.arrayContaining(['mail firing']),
      );
    }
    expect(alertmanager.notified).toEqual(['mail firing', 'mail resolved']);
  });
});
