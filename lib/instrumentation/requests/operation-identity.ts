import type { OperationKind } from './request-record.js';
import type { WaitMetricsName } from './wait-metric-names.js';

/** The identity that all runs of one job, message handler or other operation share. */
export interface OperationIdentity {
  readonly kind: OperationKind;
  /** Name of the records, bounded in number and length. */
  readonly name: string;
  /** The metrics that count it, and its labels; undefined for none. */
  readonly metrics?: { readonly name: WaitMetricsName; readonly labels: Readonly<Record<string, string>> };
}

/** Returns the name of an operation among others, such as `job nightly-report`. */
export function titleOf({ kind, name }: OperationIdentity): string {
  return `${kind} ${name}`;
}
