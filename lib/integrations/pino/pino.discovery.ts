import type { ApplicationObjects } from '../application-objects.integration.js';
import type { ObjectMatch, ObjectQuery } from '../object-search.js';
import { hasMethods } from '../object-shape.js';

/** The used part of a logger of pino. */
export interface PinoLogger {
  level: string;
  readonly levelVal: number;
  readonly levels: {
    readonly labels: Readonly<Record<number, string>>;
    readonly values: Readonly<Record<string, number>>;
  };
  child(bindings: object): PinoLogger;
}

/** The names of the keys of pino: it exports them as `symbols`, but the application has the only copy for sure. */
const AS_JSON = 'pino.asJson';
const WRITE = 'pino.write';
const LEVEL_VALUE = 'pino.levelVal';
const CHILD_BINDINGS = 'pino.chindings';

/** Number of ancestors of a child that are followed. */
const MAX_ANCESTORS = 100;

/** The query of {@link findPinoLoggers}. */
export const PINO_LOGGERS: ObjectQuery<PinoLogger> = {
  marks: ['setBindings', 'contextName'],
  is: isPinoLogger,
  within: (candidate) => [pinoLoggerOf(candidate)],
};

/** Returns the loggers of the application, those of nestjs-pino included. */
export function findPinoLoggers(objects: ApplicationObjects): ObjectMatch<PinoLogger>[] {
  return objects.find(PINO_LOGGERS);
}

/** Returns an object if it is a logger of pino, and that of a `PinoLogger` of nestjs-pino. */
export function pinoLoggerOf(candidate: object): PinoLogger | undefined {
  if (isPinoLogger(candidate)) return candidate;
  if (!('contextName' in candidate) || !hasMethods(candidate, 'assign', 'setContext', 'trace'))
    return undefined;
  const { logger } = candidate as { readonly logger?: unknown };
  return typeof logger === 'object' && logger !== null && isPinoLogger(logger) ? logger : undefined;
}

/** Returns the first ancestor of a logger, of which it is a child; the logger itself if it is none. */
export function rootOf(logger: PinoLogger): PinoLogger {
  let root = logger;
  for (let i = 0; i < MAX_ANCESTORS; i++) {
    const parent = Object.getPrototypeOf(root) as PinoLogger | null;
    // The prototype of all loggers has the method itself.
    if (
      parent === null ||
      (ownKey(parent, LEVEL_VALUE) === undefined && ownKey(parent, CHILD_BINDINGS) === undefined)
    )
      break;
    root = parent;
  }
  return root;
}

/** Returns the key of the method that turns a message into a line. */
export function asJsonKeyOf(logger: object): symbol | undefined {
  return keyOf(logger, AS_JSON);
}

/** Returns the key of the method that makes and writes a line. */
export function writeKeyOf(logger: object): symbol | undefined {
  return keyOf(logger, WRITE);
}

/** Returns true if a logger has a level of its own, and not that of its parent. */
export function hasOwnLevel(logger: object): boolean {
  return ownKey(logger, LEVEL_VALUE) !== undefined;
}

/** Returns the key of the bindings of a logger and its children: a part of a line of JSON. */
export function bindingsKeyOf(logger: object): symbol | undefined {
  return keyOf(logger, CHILD_BINDINGS);
}

function isPinoLogger(candidate: object): candidate is PinoLogger {
  return (
    hasMethods(candidate, 'setBindings', 'child', 'isLevelEnabled', 'bindings') &&
    asJsonKeyOf(candidate) !== undefined
  );
}

function keyOf(object: object, description: string): symbol | undefined {
  let owner: object | null = object;
  for (let i = 0; owner !== null && i < MAX_ANCESTORS; i++) {
    const key = ownKey(owner, description);
    if (key !== undefined) return key;
    owner = Object.getPrototypeOf(owner) as object | null;
  }
  return undefined;
}

function ownKey(object: object, description: string): symbol | undefined {
  return Object.getOwnPropertySymbols(object).find((key) => key.description === description);
}
