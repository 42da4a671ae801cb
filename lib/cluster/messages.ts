import type { WorkerName } from './surroundings.js';
import type { WireFamily } from './snapshot-codec.js';

/** Which exponential histograms are wanted: of every metric, of none, or of these. */
export type ExponentialWish = boolean | readonly string[];

/** Changes whenever workers of two versions of this library could not understand each other. */
export const PROTOCOL = 1;

/** What a worker says to the one that leads. */
export type FollowerMessage =
  | { readonly kind: 'hello'; readonly protocol: number; readonly name: WorkerName }
  /** The answer to `tell`. */
  | { readonly kind: 'told'; readonly id: number; readonly families: readonly WireFamily[] }
  /** Wants to know the metrics of all. */
  | {
      readonly kind: 'ask';
      readonly id: number;
      readonly exponential: ExponentialWish;
      readonly timeoutMs: number;
    }
  /** Ends, and says for the last time what it has counted. */
  | { readonly kind: 'bye'; readonly families: readonly WireFamily[] }
  | { readonly kind: 'ping' };

/** What the worker that leads says. */
export type LeaderMessage =
  | { readonly kind: 'welcome'; readonly index: number }
  /** Wants to know the metrics of the worker. */
  | {
      readonly kind: 'tell';
      readonly id: number;
      readonly exponential: ExponentialWish;
      readonly timeoutMs: number;
    }
  /** The answer to `ask`. */
  | { readonly kind: 'answer'; readonly id: number; readonly families: readonly WireFamily[] }
  /** The answer to `bye`. */
  | { readonly kind: 'farewell' }
  | { readonly kind: 'pong' };
