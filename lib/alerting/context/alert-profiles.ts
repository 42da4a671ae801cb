import { messageOf } from '../../primitives/error-message.js';
import type { Alert } from '../alert.js';
import type { CompiledCollection } from '../rules/collection.js';
import type { AlertProfile, RequestedProfile } from './alert-context.js';

/** Starts to capture a profile of this process. Rejects if it is refused. */
export type ProfileCapture = (
  request: RequestedProfile,
  reason: string,
) => Promise<{ readonly name: string; readonly done: Promise<unknown> }>;

/** Upper limit for alerts whose profiles are known. */
const MAX_KEPT = 1_000;
/** Maximum length of the labels in a reason, in UTF-16 code units. */
const MAX_LABELS = 300;

/** The profiles that alerts captured when they began to fire. */
export class AlertProfiles {
  private readonly kept = new Map<string, KeptProfiles>();
  /** The times at which profiles were captured last, by rule. */
  private readonly times = new Map<string, readonly number[]>();

  /** @param warn called with what could not be captured */
  constructor(
    private readonly capture: ProfileCapture,
    private readonly warn: (message: string) => void,
  ) {}

  /** Returns the profiles of an alert. */
  of({ fingerprint, firedAt }: Alert): readonly AlertProfile[] {
    const kept = this.kept.get(fingerprint);
    return kept?.firedAt === firedAt ? [...(kept?.profiles ?? [])] : [];
  }

  /** Resolves once the name of the first profile of an alert is known. */
  async begun({ fingerprint }: Alert): Promise<void> {
    await this.kept.get(fingerprint)?.begun;
  }

  /**
   * Captures the profiles of alerts of one rule that begin to fire, unless it has done so too often. Does not wait for
   * them.
   *
   * @param at time of the evaluation, in milliseconds since the Unix epoch
   */
  collect(
    rule: string,
    alerts: readonly Alert[],
    { requested, limit }: CompiledCollection,
    at: number,
  ): void {
    // Of a clock that was set back, all times are in the window.
    const recent = (this.times.get(rule) ?? []).filter((time) => time > at - limit.windowMs);
    const [first] = alerts;
    if (first === undefined || recent.length >= limit.count) return;
    this.times.set(rule, [...recent, at]);
    const profiles: AlertProfile[] = [];
    const begun = new Promise<void>((resolve) => {
      void this.captureEach(rule, reasonOf(first), requested, profiles, resolve);
    });
    for (const { fingerprint, firedAt } of alerts) this.keep(fingerprint, { firedAt, profiles, begun });
  }

  private async captureEach(
    rule: string,
    reason: string,
    requested: readonly RequestedProfile[],
    profiles: AlertProfile[],
    begin: () => void,
  ): Promise<void> {
    for (const request of requested) {
      const { kind } = request;
      const index = profiles.length;
      let name: string | undefined;
      try {
        const started = await this.capture(request, reason);
        ({ name } = started);
        profiles[index] = { kind, name, isComplete: false };
        begin();
        await started.done;
        profiles[index] = { kind, name, isComplete: true };
      } catch (error) {
        const problem = messageOf(error);
        profiles[index] = { kind, isComplete: false, problem };
        begin();
        this.warn(`Alert rule ${rule} captured no ${kind}: ${problem}`);
      }
    }
  }

  private keep(fingerprint: string, kept: KeptProfiles): void {
    this.kept.delete(fingerprint);
    this.kept.set(fingerprint, kept);
    for (const oldest of this.kept.keys()) {
      if (this.kept.size <= MAX_KEPT) break;
      this.kept.delete(oldest);
    }
  }
}

interface KeptProfiles {
  readonly firedAt: number | undefined;
  readonly profiles: readonly AlertProfile[];
  /** Resolves once the first of them has a name or a problem. */
  readonly begun: Promise<void>;
}

function reasonOf({ rule, labels }: Alert): string {
  const { alertname: _, severity: __, ...own } = labels;
  const text = Object.entries(own)
    .map(([name, value]) => `${name}="${value}"`)
    .join(', ');
  return text === '' ? `alert ${rule}` : `alert ${rule} {${text.slice(0, MAX_LABELS)}}`;
}
