/** The levels of Nest, the least important first. */
export const LOG_LEVELS = ['verbose', 'debug', 'log', 'warn', 'error', 'fatal'] as const;

/** A level of a log message. */
export type MessageLevel = (typeof LOG_LEVELS)[number];

/** Returns true for the name of a level. */
export function isMessageLevel(value: unknown): value is MessageLevel {
  return (LOG_LEVELS as readonly unknown[]).includes(value);
}

/** Returns true if a level is at least as important as another one; undefined if it is none of Nest. */
export function isAtLeast(level: string, limit: MessageLevel): boolean | undefined {
  return isMessageLevel(level) ? LOG_LEVELS.indexOf(level) >= LOG_LEVELS.indexOf(limit) : undefined;
}
