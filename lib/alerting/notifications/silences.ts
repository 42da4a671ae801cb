import { randomUUID } from 'node:crypto';
import { type LabelMatchers, labelTest, type Matcher, matchersOf } from '../../query/label-matchers.js';
import { expectKeys, expectOption, MonitoringOptionsError } from '../../options/option-checks.js';
import { checkMatchers } from '../rules/rule-checks.js';

/** A request for a silence. */
export interface SilenceRequest {
  /** Matchers of the labels of the silenced alerts. The label `alertname` is the name of the rule. */
  readonly matchers: LabelMatchers;
  /** Duration of the silence, in milliseconds. */
  readonly durationMs: number;
  /** Start of the silence, in milliseconds since the Unix epoch. @default now */
  readonly startsAt?: number;
  /** Author of the silence. @default '' */
  readonly createdBy?: string;
  /** Reason for the silence. @default '' */
  readonly comment?: string;
}

/** A silence: handlers are not notified of matching alerts for a limited time. */
export interface Silence {
  readonly id: string;
  readonly matchers: readonly Matcher[];
  /** Start of the silence, in milliseconds since the Unix epoch. */
  readonly startsAt: number;
  /** End of the silence, in milliseconds since the Unix epoch. */
  readonly endsAt: number;
  readonly createdBy: string;
  readonly comment: string;
}

/** The state of a silence: not started yet, in force, or ended. */
export type SilenceState = 'pending' | 'active' | 'expired';

/** Maximum number of silences. */
const MAX_SILENCES = 1_000;
/** Retention of expired silences. */
const RETENTION_MS = 24 * 3_600_000;

/** A store of the silences of one application. */
export class Silences {
  private readonly silences = new Map<string, Silence>();

  /**
   * Adds a silence.
   *
   * @throws {MonitoringOptionsError} if it matches every alert, if its times are invalid, or if there are too many silences
   */
  add(request: SilenceRequest, now: number): Silence {
    expectKeys('the silence', request, ['matchers', 'durationMs', 'startsAt', 'createdBy', 'comment']);
    checkMatchers('matchers of the silence', request.matchers);
    const matchers = matchersOf(request.matchers);
    if (matchers.length === 0 || labelTest(matchers)({})) {
      throw new MonitoringOptionsError(
        '`matchers` of the silence must not match every alert. Add a matcher that does not match an empty label.',
      );
    }
    this.removeOld(now);
    if (this.silences.size >= MAX_SILENCES) {
      throw new MonitoringOptionsError(
        `There are already ${MAX_SILENCES} silences, the maximum. Expire some of them first.`,
      );
    }
    const { startsAt = now, durationMs, createdBy = '', comment = '' } = request;
    const time = 'milliseconds since the Unix epoch';
    expectOption('startsAt of the silence', startsAt, time, Number.isFinite(startsAt));
    const duration = 'a whole number of milliseconds above 0';
    const isDuration = Number.isInteger(durationMs) && durationMs > 0;
    expectOption('durationMs of the silence', durationMs, duration, isDuration);
    const endsAt = startsAt + durationMs;
    const silence = { id: randomUUID(), matchers, startsAt, endsAt, createdBy, comment };
    this.silences.set(silence.id, silence);
    return silence;
  }

  /** Ends a silence. @returns true if there was a silence with this id that had not expired */
  expire(id: string, now: number): boolean {
    const silence = this.silences.get(id);
    if (silence === undefined || silence.endsAt <= now) return false;
    this.silences.set(id, { ...silence, startsAt: Math.min(silence.startsAt, now), endsAt: now });
    return true;
  }

  /** Returns the active silences that match a label set. */
  of(labels: Readonly<Record<string, string>>, now: number): Silence[] {
    return this.all(now).filter(({ state, matchers }) => state === 'active' && labelTest(matchers)(labels));
  }

  /** Returns every silence with its state, expired ones of the last day included. */
  all(now: number): (Silence & { readonly state: SilenceState })[] {
    return [...this.silences.values()].map((silence) => ({ ...silence, state: stateOf(silence, now) }));
  }

  /** Restores the silences of the time before a restart. */
  restore(silences: readonly Silence[]): void {
    for (const silence of silences) this.silences.set(silence.id, silence);
  }

  /**
   * Adds the silences of other workers, and ends those that others ended.
   *
   * @returns true if there is a silence here that the others do not have
   */
  merge(others: readonly Silence[], now: number): boolean {
    const known = new Map(others.map((silence) => [silence.id, silence]));
    for (const silence of others) {
      const own = this.silences.get(silence.id);
      if (own === undefined || silence.endsAt < own.endsAt) this.silences.set(silence.id, silence);
    }
    this.removeOld(now);
    return [...this.silences.values()].some(({ id, endsAt }) => known.get(id)?.endsAt !== endsAt);
  }

  private removeOld(now: number): void {
    for (const { id, endsAt } of this.silences.values()) {
      if (endsAt < now - RETENTION_MS) this.silences.delete(id);
    }
  }
}

function stateOf({ startsAt, endsAt }: Silence, now: number): SilenceState {
  if (now >= endsAt) return 'expired';
  return now < startsAt ? 'pending' : 'active';
}
