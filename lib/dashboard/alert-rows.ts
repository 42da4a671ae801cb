import type { VitalName } from '../query/vital-definitions.js';
import type { Threshold } from './views/view-data.js';
import type { Unit } from './views/panel.js';

/** A vital of the application, on the overview page. */
export interface VitalRow {
  readonly name: VitalName;
  readonly title: string;
  readonly unit: Unit;
  /** Current value; undefined if unknown. */
  readonly value: number | undefined;
  readonly thresholds: readonly Threshold[];
  readonly state: 'ok' | 'warning' | 'critical' | 'unknown';
}

/** An alert on the alerts page. */
export interface AlertRow {
  readonly id: string;
  readonly rule: string;
  readonly state: 'pending' | 'firing' | 'resolved';
  readonly severity: string;
  readonly message: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number | undefined;
  /** Start of the current state, in milliseconds since the Unix epoch. */
  readonly since: number;
  /** Time from which on its condition holds, in milliseconds since the Unix epoch: before it fires, it was pending. */
  readonly activeAt: number;
  /** The most likely cause, while it fires. */
  readonly cause?: string;
  /** Name of the operation that has this cause, such as `GET /orders/:id`. */
  readonly operation?: string;
  /** Number of the profiles that it has captured; undefined if there are none. */
  readonly profiles?: number;
  /** Id of the silence or acknowledgement that suppresses its notifications. */
  readonly silencedBy?: string;
  /** Rules of the firing alerts that suppress its notifications. */
  readonly inhibitedBy?: readonly string[];
}

/** An alert rule on the alerts page. */
export interface RuleRow {
  readonly name: string;
  readonly expression: string;
  readonly severity: string;
  readonly state: 'inactive' | 'pending' | 'firing';
  readonly health: string;
  readonly error?: string;
}

/** A silence on the alerts page. */
export interface SilenceRow {
  readonly id: string;
  readonly matchers: string;
  readonly comment: string;
  readonly createdBy: string;
  /** End, in milliseconds since the Unix epoch. */
  readonly endsAt: number;
}
