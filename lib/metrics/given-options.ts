import { nearestName } from '../primitives/nearest-name.js';
import { MetricDefinitionError } from './metric-definition.error.js';
import type { GivenOptions } from './metric-definition.js';
import { isRecord } from '../primitives/is-object.js';

const KEYS = [
  'labelNames',
  'labels',
  'seriesLimit',
  'aggregate',
  'buckets',
] as const satisfies readonly (keyof GivenOptions)[];

/**
 * Checks the shapes of a name, a help text and options, which may come from JavaScript or be those of another library.
 *
 * @throws {MetricDefinitionError}
 */
export function assertShapes(kind: string, name: string, help: unknown, options: unknown): void {
  if (typeof name !== 'string') {
    throw new MetricDefinitionError(
      `The name of a ${kind} must be a string, followed by the help text and the options, as in ${kind}(name, help, { labelNames }); got ${shapeOf(name)}.`,
    );
  }
  if (help !== undefined && typeof help !== 'string') {
    throw mistake('The help text', kind, name, 'a string, before the options', help);
  }
  if (!isRecord(options)) {
    throw mistake('The options', kind, name, "an object such as { labelNames: ['method'] }", options);
  }
  const { labelNames, labels } = options;
  if (labelNames !== undefined && !Array.isArray(labelNames)) {
    throw mistake('`labelNames`', kind, name, 'an array of label names', labelNames);
  }
  if (labels !== undefined && !isRecord(labels)) {
    throw mistake('`labels`', kind, name, 'an object of label values; label names are `labelNames`', labels);
  }
}

/**
 * Checks that there are no options but those of metrics.
 *
 * @throws {MetricDefinitionError} an error with the nearest option
 */
export function assertKnownOptions(owner: string, options: GivenOptions): void {
  const known: readonly string[] = KEYS;
  const unknown = Object.keys(options).find((key) => !known.includes(key));
  if (unknown === undefined) return;
  const nearest = nearestName(unknown, known);
  const hint = nearest === undefined ? '' : ` Did you mean \`${nearest}\`?`;
  throw new MetricDefinitionError(
    `Unknown key \`${unknown}\` in the options of ${owner}. Known keys: ${known.join(', ')}.${hint}`,
  );
}

function mistake(subject: string, kind: string, name: string, expected: string, value: unknown) {
  return new MetricDefinitionError(
    `${subject} of ${kind} ${name} must be ${expected}; got ${shapeOf(value)}.`,
  );
}

function shapeOf(value: unknown): string {
  if (Array.isArray(value)) return 'an array';
  const isPlain = value === null || ['undefined', 'number', 'boolean'].includes(typeof value);
  if (isPlain) return String(value);
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}
