import type { HealthStatus } from '../../health/health-status.js';
import type { Unit } from '../views/panel.js';

/** A kind of dependency. */
export type DependencyKind = 'database' | 'redis' | 'cache' | 'queue' | 'remote';

/** A part of a dependency that may run full, or a value to know. */
export interface DependencyFact {
  readonly title: string;
  readonly value: number;
  /** Value at which it is full. */
  readonly max?: number;
  /** Number of callers that wait for it. */
  readonly waiting?: number;
  readonly unit: Unit;
}

/** A health check of a dependency. */
export interface DependencyCheck {
  readonly name: string;
  readonly status: HealthStatus;
  readonly message: string;
}

/** A database, Redis client, cache, queue or remote host, and how it is over a range. */
export interface DependencyCard {
  readonly kind: DependencyKind;
  readonly name: string;
  /** Calls per second, on average over the window. */
  readonly perSecond: number;
  readonly failedPerSecond: number;
  /** Percentage of the calls that failed; absent without calls. */
  readonly errorPercent?: number;
  /** 95th percentile of the duration, in seconds. */
  readonly p95?: number;
  /** Window of the figures, in milliseconds: the range, or the part of it that is covered by samples. */
  readonly windowMs: number;
  /** Calls per second over the range; null where unknown. */
  readonly trend: readonly (number | null)[];
  readonly facts: readonly DependencyFact[];
  readonly checks: readonly DependencyCheck[];
  readonly state: 'ok' | 'warning' | 'critical' | 'unknown';
  /** Sentences that say why it is not ok. */
  readonly reasons: readonly string[];
  /** Names of the databases or queues of which more can be read. */
  readonly details: readonly string[];
}

/** The names of what the application depends on, as its clients are found. */
export interface FoundDependencies {
  readonly databases: readonly { readonly name: string; readonly system: string }[];
  /** Names of the PostgreSQL databases that can be looked into. */
  readonly postgresql: readonly string[];
  readonly queues: readonly string[];
}
