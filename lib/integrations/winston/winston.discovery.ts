import type { ApplicationObjects } from '../application-objects.integration.js';
import type { ObjectMatch, ObjectQuery } from '../object-search.js';
import { hasMethods } from '../object-shape.js';

/** The used part of a logger of winston. */
export interface WinstonLogger {
  level: string;
  /** The levels by name; a lower number is more important. */
  readonly levels: Readonly<Record<string, number>>;
  readonly transports: readonly WinstonTransport[];
  getMaxListeners(): number;
  setMaxListeners(count: number): unknown;
}

/** The used part of a transport of winston. */
export interface WinstonTransport {
  level?: string | undefined;
  silent?: boolean | undefined;
  format?: WinstonFormat | undefined;
}

/** A format of logform. */
export interface WinstonFormat {
  readonly options?: unknown;
  transform(info: object, options?: unknown): unknown;
}

/** The query of {@link findWinstonLoggers}. */
export const WINSTON_LOGGERS: ObjectQuery<WinstonLogger> = {
  marks: ['transports'],
  is: isWinstonLogger,
};

/** Returns the loggers of the application. */
export function findWinstonLoggers(objects: ApplicationObjects): ObjectMatch<WinstonLogger>[] {
  return objects.find(WINSTON_LOGGERS);
}

/** Returns true for a logger of winston. */
export function isWinstonLogger(candidate: object): candidate is WinstonLogger {
  return (
    'transports' in candidate &&
    Array.isArray(candidate.transports) &&
    'levels' in candidate &&
    typeof candidate.levels === 'object' &&
    hasMethods(candidate, 'log', 'add', 'pipe', 'configure', 'on', 'isLevelEnabled')
  );
}
