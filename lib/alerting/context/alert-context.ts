/** A cause that the records of requests and other operations name. */
export interface AlertCause {
  /** Name of the operation, such as `GET /orders/:id`. */
  readonly name: string;
  readonly hasFailed: boolean;
  /** Kind of the cause, such as `exception`, `slow_call` or `blocked_event_loop`. */
  readonly kind: string;
  /** One sentence that names the statement, remote or exception, and the place in the application. */
  readonly text: string;
  /** Number of kept records with this cause. */
  readonly count: number;
  /** Duration of the slowest of them, in milliseconds. */
  readonly maxDurationMs: number;
  /** ID of the slowest of those in which all of the cause is known. */
  readonly recordId: string;
  /** Its trace, if it has one. */
  readonly traceId: string | undefined;
}

/** A series whose value has changed against the window before. */
export interface SeriesChange {
  readonly metric: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Rate per second of a counter or of the count of a histogram, average of a gauge. */
  readonly before: number;
  readonly now: number;
  /** Rank from 0 to 1: how much the series changed, and how much of its metric it is. */
  readonly score: number;
}

/** A part of the measured series, and its share. */
export interface WorstLabels {
  readonly metric: string;
  /** One label that distinguishes the parts, and its value in the largest part. */
  readonly labels: Readonly<Record<string, string>>;
  /** Its rate per second or its average. */
  readonly value: number;
  /** Share of the whole, from 0 to 1. */
  readonly share: number;
}

/** A profile of the process that an alert captured when it began to fire. */
export interface AlertProfile {
  readonly kind: 'cpuProfile' | 'allocations' | 'heapSnapshot' | 'report';
  /** Name by which `Profiles` and the API of the dashboard return it; undefined if it was not captured. */
  readonly name?: string;
  /** False while it is being captured. */
  readonly isComplete: boolean;
  /** The reason for which it was not captured. */
  readonly problem?: string;
}

/** A profile that a rule asks for. */
export interface RequestedProfile {
  readonly kind: AlertProfile['kind'];
  /** Undefined for a kind that takes no time. */
  readonly seconds?: number;
}

/** The findings about a firing alert: where to look first. */
export interface AlertContext {
  /** The most likely cause in one sentence. */
  readonly summary: string;
  /** The causes of slow and failed operations in the last minutes: those of the alert first. */
  readonly causes: readonly AlertCause[];
  /** The parts that contribute most to the metrics of the rule. */
  readonly worst: readonly WorstLabels[];
  /** The series that changed most against the window before, whatever they measure. */
  readonly changes: readonly SeriesChange[];
  /** The trace of the slowest record of the first cause. */
  readonly traceId: string | undefined;
  /** The profiles that the rule has captured; undefined if its `collect` is not given. */
  readonly profiles?: readonly AlertProfile[];
}

/** Returns the causes of the last minutes, those that matter most first. */
export type CauseSource = () => readonly AlertCause[];
