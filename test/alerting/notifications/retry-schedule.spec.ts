import { describe, expect, it } from '@jest/globals';
import { NotificationError } from '../../../lib/alerting/notifications/notification.js';
import { RetrySchedule } from '../../../lib/alerting/notifications/retry-schedule.js';
import { testRegistry } from '../../metrics/support.js';

function testSchedule(retries = 20) {
  const { clock } = testRegistry();
  const controller = new AbortController();
  return { clock, controller, schedule: new RetrySchedule(retries, clock, controller.signal) };
}

describe('the retries of a notification', () => {
  it('wait twice as long each time, up to a minute', () => {
    const { schedule } = testSchedule();
    const pauses = [0, 1, 2, 6, 7, 19].map((attempt) => schedule.pauseAfter(new Error('down'), attempt));
    expect(pauses).toEqual([500, 1_000, 2_000, 32_000, 60_000, 60_000]);
  });

  it('end after their number, after an error that forbids them, and with the application', () => {
    const { schedule, controller } = testSchedule(2);
    expect(schedule.pauseAfter(new Error('down'), 1)).toBe(1_000);
    expect(schedule.pauseAfter(new Error('down'), 2)).toBeUndefined();
    expect(schedule.pauseAfter(new NotificationError('rejected', false), 0)).toBeUndefined();
    controller.abort();
    expect(schedule.pauseAfter(new Error('down'), 0)).toBeUndefined();
  });

  it('wait as long as the receiver asks, and leave a long wait to a later evaluation', () => {
    const { schedule, clock } = testSchedule();
    expect(schedule.pauseAfter(new NotificationError('busy', true, { retryAfterMs: 3_000 }), 0)).toBe(3_000);
    expect(schedule.isPaused(clock.now())).toBe(false);
    expect(
      schedule.pauseAfter(new NotificationError('busy', true, { retryAfterMs: 90_000 }), 0),
    ).toBeUndefined();
    expect(schedule.isPaused(clock.now() + 89_999)).toBe(true);
    expect(schedule.isPaused(clock.now() + 90_000)).toBe(false);
  });

  it('resume by the clock of the evaluations after that was set back', () => {
    const { schedule, clock } = testSchedule();
    schedule.pauseAfter(new NotificationError('busy', true, { retryAfterMs: 90_000 }), 0);
    schedule.shiftTimes(3_600_000);
    expect(schedule.isPaused(clock.now() - 3_600_000 + 89_999)).toBe(true);
    expect(schedule.isPaused(clock.now() - 3_600_000 + 90_000)).toBe(false);
  });
});
