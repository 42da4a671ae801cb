import type { Guard } from '../primitives/guard.js';

/** The levels that were changed at run time, as a watch of a logger asks for them. */
export interface LevelRules {
  readonly isEmpty: boolean;
  /** The least important level of all rules, by its name in Nest; undefined without a rule. */
  readonly lowest: string | undefined;
  /** Returns true if the rule of a context prints a message; undefined if there is no rule for it. */
  prints(context: unknown, level: string): boolean | undefined;
  /** Calls a listener after each change. Returns a function that ends it. */
  onChange(listener: () => void): () => void;
}

/** The watch of a logger. */
export interface WatchedLevel {
  /** Stops the watch and restores the level. */
  stop(): void;
  /** Returns the least important level that the logger prints without a rule, by its name in Nest. */
  level(): string | undefined;
}

/** The receiver of the messages that a logger prints. */
export interface LogMessages {
  readonly guard: Guard;
  readonly rules: LevelRules;
  /** @param level name of the level in Nest, or of a level that Nest does not have */
  record(level: string, context: unknown): void;
}
