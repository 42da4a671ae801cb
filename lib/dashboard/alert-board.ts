import type { VitalName } from '../query/vital-expressions.js';
import type { Threshold } from './views/view-data.js';
import type { Unit } from './views/panel.js';

/** One of the few numbers that tell most of how the application is. */
export interface ShownVital {
  readonly name: VitalName;
  readonly title: string;
  readonly unit: Unit;
  /** Undefined as long as it is not known. */
  readonly value: number | undefined;
  readonly thresholds: readonly Threshold[];
  readonly state: 'ok' | 'warning' | 'critical' | 'unknown';
}

/** An alert as it is shown. */
export interface ShownAlert {
  readonly id: string;
  readonly rule: string;
  readonly state: 'pending' | 'firing' | 'resolved';
  readonly severity: string;
  readonly message: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number | undefined;
  /** When it came into this state, in milliseconds since the Unix epoch. */
  readonly since: number;
  /** The silence or acknowledgement that keeps it quiet, by its id. */
  readonly silencedBy?: string;
  /** The rules whose alerts say enough, so that nobody is told of this one. */
  readonly inhibitedBy?: readonly string[];
}

/** A rule as it is shown. */
export interface ShownRule {
  readonly name: string;
  readonly expression: string;
  readonly severity: string;
  readonly state: 'inactive' | 'pending' | 'firing';
  readonly health: string;
  readonly error?: string;
}

/** A silence as it is shown. */
export interface ShownSilence {
  readonly id: string;
  readonly matchers: string;
  readonly comment: string;
  readonly createdBy: string;
  readonly endsAt: number;
}

/** What the dashboard knows of vitals and alerts, and what it may do about them. */
export interface AlertBoard {
  vitals(): readonly ShownVital[];
  /** Pending, firing and lately resolved. */
  alerts(): readonly ShownAlert[];
  rules(): readonly ShownRule[];
  silences(): readonly ShownSilence[];
  /**
   * Keeps an alert quiet.
   *
   * @returns the id of the silence; undefined if there is no such alert
   */
  silence(alertId: string, durationMs: number, comment: string): string | undefined;
  /** @returns whether there was such a silence */
  unsilence(silenceId: string): boolean;
}
