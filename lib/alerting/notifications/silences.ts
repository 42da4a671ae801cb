import { randomUUID } from 'node:crypto';
import { type LabelMatchers, labelTest, type Matcher, matchersOf } from '../../query/label-matchers.js';
import { countOf, expectKeys, MonitoringOptionsError } from '../../options/option-checks.js';
import { checkMatchers } from '../rules/rule-checks.js';

/** Which alerts nobody should be told of, and for how long. */
export interface SilenceRequest {
  /** What the labels of the alerts are; `alertname` is the name of the rule. */
  readonly matchers: LabelMatchers;
  readonly durationMs: number;
  /** When it begins, in milliseconds since the Unix epoch. @default now */
  readonly startsAt?: number;
  readonly createdBy?: string;
  readonly comment?: string;
}

/** Alerts that nobody is told of for a while. */
export interface Silence {
  readonly id: string;
  readonly matchers: readonly Matcher[];
  /** Milliseconds since the Unix epoch. */
  readonly startsAt: number;
  readonly endsAt: number;
  readonly createdBy: string;
  readonly comment: string;
}

/** Whether a silence is still to come, in force, or over. */
export type SilenceState = 'pending' | 'active' | 'expired';

/** So many silences there may be; more of them are a mistake. */
const MOST_SILENCES = 1_000;
/** So long an expired one is still shown. */
const RETENTION_MS = 24 * 3_600_000;

/** The silences of one application. */
export class Silences {
  private readonly silences = new Map<string, Silence>();

  /** @throws {MonitoringOptionsError} if it matches everything, or there are too many */
  add(request: SilenceRequest, now: number): Silence {
    expectKeys('the silence', request, ['matchers', 'durationMs', 'startsAt', 'createdBy', 'comment']);
    checkMatchers('matchers of the silence', request.matchers);
    const matchers = matchersOf(request.matchers);
    if (matchers.length === 0 || labelTest(matchers)({})) {
      throw new MonitoringOptionsError(
        'Expected the silence to have a matcher that does not match the empty label, got none.',
      );
    }
    this.forgetOld(now);
    if (this.silences.size >= MOST_SILENCES) {
      throw new MonitoringOptionsError(
        `There are ${MOST_SILENCES} silences already. Expire some of them first.`,
      );
    }
    const { startsAt = now, createdBy = '', comment = '' } = request;
    const endsAt = startsAt + countOf('durationMs of the silence', request.durationMs, 0);
    const silence = { id: randomUUID(), matchers, startsAt, endsAt, createdBy, comment };
    this.silences.set(silence.id, silence);
    return silence;
  }

  /** @returns whether there was such a silence that had not expired yet */
  expire(id: string, now: number): boolean {
    const silence = this.silences.get(id);
    if (silence === undefined || silence.endsAt <= now) return false;
    this.silences.set(id, { ...silence, startsAt: Math.min(silence.startsAt, now), endsAt: now });
    return true;
  }

  /** The silences that keep an alert with these labels quiet. */
  of(labels: Readonly<Record<string, string>>, now: number): Silence[] {
    return this.all(now).filter(({ state, matchers }) => state === 'active' && labelTest(matchers)(labels));
  }

  all(now: number): (Silence & { readonly state: SilenceState })[] {
    return [...this.silences.values()].map((silence) => ({ ...silence, state: stateOf(silence, now) }));
  }

  /** Puts back what there was before a restart. */
  restore(silences: readonly Silence[]): void {
    for (const silence of silences) this.silences.set(silence.id, silence);
  }

  /**
   * Takes over what others have silenced and expired.
   *
   * @returns whether there is something here that the others do not know
   */
  merge(others: readonly Silence[], now: number): boolean {
    const known = new Map(others.map((silence) => [silence.id, silence]));
    for (const silence of others) {
      const own = this.silences.get(silence.id);
      if (own === undefined || silence.endsAt < own.endsAt) this.silences.set(silence.id, silence);
    }
    this.forgetOld(now);
    return [...this.silences.values()].some(({ id, endsAt }) => known.get(id)?.endsAt !== endsAt);
  }

  private forgetOld(now: number): void {
    for (const { id, endsAt } of this.silences.values()) {
      if (endsAt < now - RETENTION_MS) this.silences.delete(id);
    }
  }
}

function stateOf({ startsAt, endsAt }: Silence, now: number): SilenceState {
  if (now >= endsAt) return 'expired';
  return now < startsAt ? 'pending' : 'active';
}
