import { pinoLoggerOf } from '../../integrations/pino/pino.discovery.js';
import { isWinstonLogger } from '../../integrations/winston/winston.discovery.js';
import { isObject } from '../../primitives/is-object.js';

/** Number of properties of an object that are examined. */
const MAX_PROPERTIES = 64;

/**
 * Returns the loggers of libraries to which a logger passes its messages on: itself, what its properties hold, and what
 * the properties of these hold. No getter is called.
 */
export function innerLoggersOf(logger: object): object[] {
  const held = propertiesOf(logger);
  return [logger, ...held, ...held.flatMap(propertiesOf)].filter((candidate) => {
    try {
      return isOfLibrary(candidate);
    } catch {
      return false;
    }
  });
}

function isOfLibrary(candidate: object): boolean {
  return pinoLoggerOf(candidate) !== undefined || isWinstonLogger(candidate);
}

function propertiesOf(object: object): object[] {
  try {
    return Object.values(Object.getOwnPropertyDescriptors(object))
      .slice(0, MAX_PROPERTIES)
      .map(({ value }): unknown => value)
      .filter(isObject);
  } catch {
    // A proxy may refuse to be read.
    return [];
  }
}
