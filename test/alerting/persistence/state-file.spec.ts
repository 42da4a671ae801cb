import { chmod, mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { describe, expect, it } from '@jest/globals';
import type { Alert } from 'nestjs-monitoring';
import { restarted, works } from './restarted.js';
import { useStateFile } from './state-file.js';
import { line, MINUTE, queueRule, testAlerting, type TestAlerting } from '../support.js';

const file = useStateFile();

const firing = {
  labels: { alertname: 'long_queue', queue: 'mail', severity: 'warning' },
  series: { queue: 'mail' },
  measured: 0,
  state: 'firing',
  value: 11,
  message: 'Queue mail has 11 jobs',
  annotations: {},
  activeAt: 0,
  firedAt: 0,
};
const notifiedAlert = { ...firing, rule: 'long_queue', severity: 'warning' };
const silence = {
  id: 'a',
  matchers: [{ name: 'queue', operator: '=', value: 'mail' }],
  startsAt: 0,
  endsAt: 8e15,
  createdBy: '',
  comment: '',
};

/** What is saved by an application that just ended. */
function saved(savedAt: number, parts: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  return { version: 1, savedAt, alerts: {}, silences: [], notifications: {}, ...parts };
}

describe('a damaged state file', () => {
  /** By what is in it: what is named. */
  const oddParts: Record<string, [parts: Record<string, unknown>, named: string]> = {
    'alerts that are null': [{ alerts: null }, 'alerts'],
    'alerts that are a list': [{ alerts: [firing] }, 'alerts'],
    'alerts of a rule that are no list': [
      { alerts: { 'long_queue/warning': firing } },
      'alerts.long_queue/warning',
    ],
    'an alert that is null': [{ alerts: { 'long_queue/warning': [null] } }, 'alerts.long_queue/warning[0]'],
    'an alert without labels': [
      { alerts: { 'long_queue/warning': [firing, { ...firing, labels: undefined }] } },
      'alerts.long_queue/warning[1]',
    ],
    'labels that are numbers': [
      { alerts: { 'long_queue/warning': [{ ...firing, labels: { queue: 1 } }] } },
      'alerts.long_queue/warning[0]',
    ],
    'a state that there is none': [
      { alerts: { 'long_queue/warning': [{ ...firing, state: 'on fire' }] } },
      'alerts.long_queue/warning[0]',
    ],
    'a time that is a text': [
      { alerts: { 'long_queue/warning': [{ ...firing, activeAt: 'now' }] } },
      'alerts.long_queue/warning[0]',
    ],
    'a time that no calendar has': [
      { alerts: { 'long_queue/warning': [{ ...firing, firedAt: 1e300 }] } },
      'alerts.long_queue/warning[0]',
    ],
    'an alert that fires and never began to': [
      { alerts: { 'long_queue/warning': [firing, { ...firing, firedAt: undefined }] } },
      'alerts.long_queue/warning[1]',
    ],
    'an alert that is over and never ended': [
      { alerts: { 'long_queue/warning': [{ ...firing, state: 'resolved' }] } },
      'alerts.long_queue/warning[0]',
    ],
    'silences that are a text': [{ silences: 'all' }, 'silences'],
    'a silence whose regular expression is (': [
      { silences: [{ ...silence, matchers: [{ name: 'queue', operator: '=~', value: '(' }] }] },
      'silences[0]',
    ],
    'a silence with an operator of its own': [
      { silences: [silence, { ...silence, matchers: [{ name: 'queue', operator: '~', value: '' }] }] },
      'silences[1]',
    ],
    'a silence of everything': [{ silences: [{ ...silence, matchers: [] }] }, 'silences[0]'],
    'a silence without an end': [{ silences: [{ ...silence, endsAt: null }] }, 'silences[0]'],
    'notifications that are null': [{ notifications: null }, 'notifications'],
    'groups that are a number': [{ notifications: { page: 3 } }, 'notifications.page'],
    'a group that is null': [{ notifications: { page: { '{}': null } } }, 'notifications.page.{}'],
    'a group without what fires': [
      { notifications: { page: { '{}': { at: 0, undelivered: [] } } } },
      'notifications.page.{}.firing',
    ],
    'a notification without a rule': [
      {
        notifications: {
          page: { '{}': { at: 0, firing: [{ ...notifiedAlert, rule: 3 }], undelivered: [] } },
        },
      },
      'notifications.page.{}.firing[0]',
    ],
    'a notification with an unknown severity': [
      {
        notifications: {
          page: { '{}': { at: 0, firing: [], undelivered: [{ ...notifiedAlert, severity: 'dire' }] } },
        },
      },
      'notifications.page.{}.undelivered[0]',
    ],
  };

  it.each(Object.entries(oddParts))(
    'with %s is read without that part, which is named in a warning',
    async (_, [parts, named]) => {
      const notified: string[] = [];
      const test = restarted(file.path, notified);
      await writeFile(file.path, JSON.stringify(saved(test.clock.now(), parts)));
      await works(test, notified);
      expect(test.warnings).toHaveLength(1);
      expect(test.warnings[0]).toContain(`is damaged; ignoring ${named}.`);
    },
  );

  it.each([
    ['empty', ''],
    ['cut off', '{"version":1,"savedAt":1,"al'],
    ['null', 'null'],
    ['a list', '[]'],
    ['a number', '7'],
    ['of another version', '{"version":2,"savedAt":1}'],
    ['without a time', '{"version":1,"savedAt":"now","alerts":{}}'],
    ['not text', '\u0000\uFFFD\u0001'],
    ['nested without end', '['.repeat(200_000)],
    ['huge', JSON.stringify('x'.repeat(80 * 1024 * 1024))],
  ])('that is %s is ignored and replaced', async (_, text) => {
    await writeFile(file.path, text);
    const notified: string[] = [];
    const test = restarted(file.path, notified);
    await works(test, notified);
    expect(test.warnings).toEqual([expect.stringMatching(/^Saved alert state could not be read: /)]);
    expect(JSON.parse(await readFile(file.path, 'utf8'))).toMatchObject({ version: 1 });
  });

  it('that is a folder, or not readable, is reported once and has no other effect', async () => {
    await mkdir(file.path);
    const notified: string[] = [];
    const test = restarted(file.path, notified);
    await works(test, notified);
    expect(test.warnings).toEqual([expect.stringMatching(/^Saved alert state could not be read: EISDIR/)]);
    expect(await readdir(file.folder)).toEqual(['alerts.json']);
    await rm(file.path, { recursive: true });
    await writeFile(file.path, '{}');
    await chmod(file.path, 0o000);
    const other: string[] = [];
    await works(restarted(file.path, other), other);
  });

  it('with names of object methods as keys is read correctly', async () => {
    const notified: string[] = [];
    const test = restarted(file.path, notified);
    const group = { at: 0, firing: [notifiedAlert], undelivered: [] };
    const text = JSON.stringify(
      saved(test.clock.now(), {
        alerts: { x: [], constructor: [firing] },
        notifications: { toString: { x: group } },
      }),
    ).replace('"x":[]', '"__proto__":[]');
    await writeFile(file.path, text);
    await works(test, notified);
    expect(test.warnings).toEqual([]);
  });

  it('from a clock that was ahead keeps no alert forever, and suppresses no notification of its end', async () => {
    const notified: string[] = [];
    const test = restarted(file.path, notified);
    const late = test.clock.now() + 8e14;
    const keeps = { ...firing, keepFiringSince: late, heldUntil: late, activeAt: late, firedAt: late };
    await writeFile(
      file.path,
      JSON.stringify(
        saved(late, {
          alerts: { 'long_queue/warning': [keeps] },
          notifications: { page: { '{}': { at: late, firing: [notifiedAlert], undelivered: [] } } },
        }),
      ),
    );
    test.alerting.start();
    for (let i = 0; i < 64; i++) await test.step();
    expect(test.alerting.alerts()).toEqual([]);
    expect(notified).toEqual([expect.stringMatching(/^long_queue mail resolved/)]);
    await test.alerting.stop();
  });
});

describe('a rule that was removed during a restart', () => {
  it.each([
    ['a minute', MINUTE],
    ['three hours', 180 * MINUTE],
  ])('of %s leaves no handler with an alert that is never resolved', async (_, outageMs) => {
    const notified: string[] = [];
    const first = restarted(file.path, notified);
    first.alerting.start();
    const queue = first.registry.gauge('queue_length', 'Jobs.', { labelNames: ['queue'] });
    await first.step(() => queue.set({ queue: 'mail' }, 11));
    await first.alerting.stop();
    expect(notified).toEqual(['long_queue mail firing 11']);
    const second = testAlerting({ stateFile: file.path }, { clock: first.clock });
    first.clock.advance(outageMs);
    second.alerting.addAlertHandler((alert: Alert) => void notified.push(line(alert)), { name: 'page' });
    second.alerting.start();
    await second.step();
    await second.step();
    expect(notified).toEqual(['long_queue mail firing 11', 'long_queue mail resolved 11']);
    await second.alerting.stop();
    const third = testAlerting({ stateFile: file.path }, { clock: first.clock });
    third.alerting.addAlertHandler((alert: Alert) => void notified.push(line(alert)), { name: 'page' });
    third.alerting.start();
    await third.step();
    expect(notified).toHaveLength(2);
    await third.alerting.stop();
  });
});

describe('the temporary file of a killed process', () => {
  it('is removed at the next start, even if nothing is written again', async () => {
    await writeFile(`${file.path}.4194305.0123abcd.tmp`, '{');
    const test = restarted(file.path);
    test.alerting.start();
    await test.alerting.settled();
    expect(await readdir(file.folder)).toEqual([]);
  });
});

describe('the state that several workers share', () => {
  function worker(
    isLeader: () => boolean,
    notified: string[],
    shared: { clock?: TestAlerting['clock'] } = {},
  ) {
    const test = testAlerting({ stateFile: file.path, isLeader }, shared);
    const queue = test.registry.gauge('queue_length', 'Jobs.', { labelNames: ['queue'] });
    test.alerting.addAlertRule(queueRule());
    test.alerting.addAlertHandler((alert: Alert) => void notified.push(line(alert)), { name: 'page' });
    test.alerting.start();
    return { ...test, queue };
  }
  const read = async (): Promise<{ notifications: object }> =>
    JSON.parse(await readFile(file.path, 'utf8')) as { notifications: object };

  it('is not touched by a follower whose alert fires', async () => {
    const notified: string[] = [];
    const follower = worker(() => false, notified);
    await follower.step(() => follower.queue.set({ queue: 'mail' }, 11));
    expect(follower.alerting.alerts().map(line)).toEqual(['long_queue mail firing 11']);
    expect([notified, await readdir(file.folder)]).toEqual([[], []]);
    await follower.alerting.stop();
  });

  it('is written again by the leader when a follower has put an older one in its place', async () => {
    const notified: string[] = [];
    const leader = worker(() => true, notified);
    await leader.step();
    leader.alerting.silence({ matchers: { queue: 'print' }, durationMs: 60 * MINUTE });
    await leader.alerting.settled();
    const before = await readFile(file.path, 'utf8');
    await leader.step(() => leader.queue.set({ queue: 'mail' }, 11));
    const { notifications } = await read();
    expect(notified).toEqual(['long_queue mail firing 11']);
    expect(JSON.stringify(notifications)).toContain('mail');

    await writeFile(file.path, before);
    await leader.step();
    expect((await read()).notifications).toEqual(notifications);
    const { mtimeMs } = await stat(file.path);
    for (let i = 0; i < 3; i++) await leader.step();
    expect((await stat(file.path)).mtimeMs).toBe(mtimeMs);
    await leader.alerting.stop();
  });
});
