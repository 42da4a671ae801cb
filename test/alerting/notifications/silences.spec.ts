import { describe, expect, it } from '@jest/globals';
import { Silences } from '../../../lib/alerting/notifications/silences.js';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const mail = { matchers: { queue: 'mail' }, durationMs: HOUR };

describe('silences', () => {
  it('match from their start to their end', () => {
    const silences = new Silences();
    const { id } = silences.add({ ...mail, startsAt: 10 * HOUR }, 9 * HOUR);
    const idsAt = (now: number): string[] => silences.of({ queue: 'mail' }, now).map((silence) => silence.id);
    expect([idsAt(10 * HOUR - 1), idsAt(10 * HOUR), idsAt(11 * HOUR - 1), idsAt(11 * HOUR)]).toEqual([
      [],
      [id],
      [id],
      [],
    ]);
    expect(silences.of({ queue: 'orders' }, 10 * HOUR)).toEqual([]);
  });

  it('end when they are expired, once', () => {
    const silences = new Silences();
    const { id } = silences.add(mail, 0);
    expect([silences.expire(id, 5), silences.expire(id, 6), silences.expire('unknown', 5)]).toEqual([
      true,
      false,
      false,
    ]);
    expect(silences.all(5)).toMatchObject([{ id, state: 'expired', startsAt: 0, endsAt: 5 }]);
  });

  it('are rejected if they match every alert, such as one without labels', () => {
    const silences = new Silences();
    for (const matchers of [{}, { queue: /.*/ }, { queue: { not: 'mail' } }, { queue: '' }]) {
      expect(() => silences.add({ ...mail, matchers }, 0)).toThrow('must not match every alert');
    }
  });

  it.each<[object, string]>([
    [{ startsAt: NaN }, '`startsAt` of the silence must be milliseconds since the Unix epoch; got NaN'],
    [
      { startsAt: Infinity },
      '`startsAt` of the silence must be milliseconds since the Unix epoch; got Infinity',
    ],
    [
      { startsAt: '2027-01-31' },
      '`startsAt` of the silence must be milliseconds since the Unix epoch; got the',
    ],
    [
      { durationMs: undefined },
      '`durationMs` of the silence must be a whole number of milliseconds above 0; got undefined',
    ],
    [{ durationMs: Infinity }, '`durationMs` of the silence must be'],
    [{ durationMs: 0 }, '`durationMs` of the silence must be'],
  ])('are rejected if they would not end, or never be: %j', (times, message) => {
    const silences = new Silences();
    expect(() => silences.add({ ...mail, ...times }, 0)).toThrow(message);
    expect(silences.all(0)).toEqual([]);
  });

  it('are rejected beyond their maximum number, until old ones are removed', () => {
    const silences = new Silences();
    for (let i = 0; i < 1_000; i++) silences.add(mail, 0);
    expect(() => silences.add(mail, 0)).toThrow('already 1000 silences');
    expect(() => silences.add(mail, DAY + HOUR)).toThrow('already 1000 silences');
    silences.add(mail, DAY + HOUR + 1);
    expect(silences.all(DAY + HOUR + 1)).toHaveLength(1);
  });

  it('of several workers become the same, with the earlier end', () => {
    const [one, other] = [new Silences(), new Silences()];
    const shared = one.add(mail, 0);
    other.restore([shared]);
    const own = other.add({ ...mail, matchers: { queue: 'orders' } }, 0);
    one.expire(shared.id, 10);
    expect(other.merge(one.all(10), 10)).toBe(true);
    expect(other.all(10)).toMatchObject([{ id: shared.id, state: 'expired' }, { id: own.id }]);
    expect(one.merge(other.all(10), 10)).toBe(false);
    expect(one.all(10)).toEqual(other.all(10));
  });
});
