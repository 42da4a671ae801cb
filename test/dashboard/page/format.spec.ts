import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';

const PAGE = new URL('../../../lib/dashboard/page/', import.meta.url);
const { applicationTime, context, noteClock } = (await import(String(new URL('chart-context.js', PAGE)))) as {
  readonly applicationTime: () => number;
  readonly context: { readonly aheadMs: number; isUtc: boolean };
  readonly noteClock: (response: Response, sentAt: number) => void;
};
const { ago, clock, dateAndTime } = (await import(String(new URL('format.js', PAGE)))) as Readonly<
  Record<'ago' | 'clock' | 'dateAndTime', (milliseconds: number) => string>
>;
const HOUR_MS = 3_600_000;

function answer(date: string | undefined, status = 200): Response {
  return new Response('{}', { status, headers: date === undefined ? {} : { date } });
}

describe('times on the page', () => {
  beforeEach(() => {
    // No midnight passes.
    jest.useFakeTimers({ now: new Date(2026, 0, 5, 12) });
  });

  afterEach(() => {
    jest.useRealTimers();
    Object.assign(context, { aheadMs: 0, isUtc: false });
  });

  it.each([-HOUR_MS, HOUR_MS, -26 * HOUR_MS])(
    'are as old as the application says, with a clock of the browser that is %d ms off',
    (off) => {
      const now = Date.now() + off;
      noteClock(answer(new Date(now).toUTCString()), Date.now());
      expect(Math.abs(applicationTime() - now)).toBeLessThan(60_000);
      expect(ago(applicationTime() - 600_000)).toBe('10 min ago');
      // A time of today, by the application, has no date.
      const at = applicationTime();
      expect(dateAndTime(at)).toBe(clock(at));
    },
  );

  it('are by the clock of the browser where that is right, or where nothing says what is', () => {
    for (const date of [new Date(Date.now() - 20_000).toUTCString(), undefined, 'yesterday']) {
      noteClock(answer(date), Date.now());
      expect(context.aheadMs).toBe(0);
    }
  });

  it('are not by the clock of a proxy, nor by an answer that a machine has slept over', () => {
    const date = new Date(Date.now() - 10 * HOUR_MS).toUTCString();
    noteClock(answer(date, 502), Date.now());
    expect(context.aheadMs).toBe(0);
    noteClock(answer(date), Date.now() - 10 * HOUR_MS);
    expect(context.aheadMs).toBe(0);
  });

  it('begin a day with the hour 00', () => {
    context.isUtc = true;
    expect(clock(Date.UTC(2026, 0, 5, 0, 7, 9))).toMatch(/^0?0:07:09/);
  });
});
