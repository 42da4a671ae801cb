import type { ExponentialHistogramFilter } from './exponential-histogram-filter.js';
import type { WireFamily } from './snapshot-codec.js';
import type { WorkerIdentity } from './worker-identity.js';

/** Version of the protocol, raised by every incompatible change of a message or of the persisted totals. */
export const PROTOCOL = 3;

/** A request for metrics. */
export interface CollectRequest {
  readonly exponential: ExponentialHistogramFilter;
  /** Time limit in milliseconds. */
  readonly timeoutMs: number;
}

/** A message from a follower to the leader. */
export type FollowerMessage =
  | { readonly kind: 'hello'; readonly protocol: number; readonly identity: WorkerIdentity }
  /** Response to `collect`. */
  | { readonly kind: 'collected'; readonly id: number; readonly families: readonly WireFamily[] }
  /** Request for the merged metrics of all workers. */
  | ({ readonly kind: 'merge'; readonly id: number } & CollectRequest)
  /** Announcement that the worker ends, with its final metrics. */
  | { readonly kind: 'leave'; readonly families: readonly WireFamily[] }
  /** Question of a worker that is about to leave, which takes over from no leader any more. */
  | { readonly kind: 'ending' }
  | { readonly kind: 'ping' };

/** A message from the leader to a follower. */
export type LeaderMessage =
  | { readonly kind: 'welcome'; readonly index: number }
  /** Request for the metrics of the follower. */
  | ({ readonly kind: 'collect'; readonly id: number } & CollectRequest)
  /** Response to `merge`. */
  | { readonly kind: 'merged'; readonly id: number; readonly families: readonly WireFamily[] }
  /** Response to `leave`. */
  | { readonly kind: 'left' }
  /** Response to `ending`: whether the leader goes on, or leaves itself and relies on a follower. */
  | { readonly kind: 'noted'; readonly goesOn: boolean }
  | { readonly kind: 'pong' };
