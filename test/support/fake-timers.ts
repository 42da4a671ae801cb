import { jest } from '@jest/globals';

const FAKEABLE = [
  'Date',
  'clearImmediate',
  'clearInterval',
  'clearTimeout',
  'hrtime',
  'nextTick',
  'performance',
  'queueMicrotask',
  'setImmediate',
  'setInterval',
  'setTimeout',
] as const;

export type Fakeable = (typeof FAKEABLE)[number];

/** What a promise needs to go on stays real unless a test asks for it. */
const REAL: ReadonlySet<Fakeable> = new Set(['nextTick', 'queueMicrotask']);

export interface FakeTime {
  /** What is faked, and nothing else. @default everything but `nextTick` and `queueMicrotask` */
  readonly toFake?: readonly Fakeable[];
  /** The time at which it begins. @default now */
  readonly now?: number | Date;
}

/** The fake timers of Jest, told what to fake instead of what not to. */
export function useFakeTimers({ toFake, now }: FakeTime = {}): void {
  const isFaked = (name: Fakeable): boolean =>
    toFake === undefined ? !REAL.has(name) : toFake.includes(name);
  jest.useFakeTimers({
    doNotFake: FAKEABLE.filter((name) => !isFaked(name)),
    ...(now !== undefined && { now }),
  });
}
