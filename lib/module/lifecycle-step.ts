import type { LazilyLoaded } from './lazily-loaded.token.js';

/**
 * The moments at which a step runs, in the order in which they come. Each is a hook of Nest, before or after the hooks of
 * the application. At the start, Nest calls the hooks of the most distant module first; at the end, last.
 *
 * The end begins with `app.close()`, which `enableShutdownHooks()` calls on SIGTERM. Without it, SIGTERM at most
 * drains the server before the process ends; see `health/termination-signals.ts`.
 */
export const MOMENTS = [
  /** `onModuleInit`, before any other module. */
  'init',
  /** `onApplicationBootstrap`, before any other module. */
  'bootstrap',
  /** `onApplicationBootstrap`, after every other module. */
  'started',
  /** In the background, once the server of the application listens, or a moment after the start if none does. */
  'serving',
  /** `onModuleDestroy`, before any other module. Nest 12 calls `beforeClose` of the HTTP adapter even earlier. */
  'closing',
  /** `beforeApplicationShutdown`, after every other module; then Nest closes the HTTP server. */
  'disconnecting',
  /** `onApplicationShutdown`, before any other module. */
  'closed',
  /** `onApplicationShutdown`, after every other module. */
  'shutdown',
] as const;
export type Moment = (typeof MOMENTS)[number];

/** An injection token: a class, or the token of a part whose class may not be loaded. */
type Token<Part> = (abstract new (...args: never[]) => Part) | LazilyLoaded<Part>;

/** One thing that one part does at one moment. */
export interface LifecycleStep {
  readonly moment: Moment;
  /** A part and a verb; unique within the moment. */
  readonly name: string;
  readonly part: Token<unknown>;
  /** Steps of the same moment that have to be done before. */
  readonly after: readonly string[];
  readonly why: string;
  run(part: unknown, lifecycle: LifecycleOutcome): void | Promise<void>;
}

/** The two outcomes of a start, for the steps that notice them. */
export interface LifecycleOutcome {
  /** Runs the steps of the moment `serving`. */
  serve(): void;
  /** Runs the steps of the end, after a start that failed. */
  abort(): void;
}

/** Returns a step. @param after the steps of the same moment that have to be done before. @default none */
export function step<Part>(
  moment: Moment,
  name: string,
  part: Token<Part>,
  run: (part: Part, lifecycle: LifecycleOutcome) => void | Promise<void>,
  why: string,
  after: readonly string[] = [],
): LifecycleStep {
  return { moment, name, part, after, why, run };
}
