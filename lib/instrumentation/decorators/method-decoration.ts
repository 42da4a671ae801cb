import { MetricDefinitionError } from '../../metrics/metric-definition.error.js';
import type { AnyMethod } from '../../primitives/method-patch.js';
import { type MeasurementDefinition, measureMethod } from './measured-method.js';
import { classOf, describeMethod } from './method-name.js';
import { injectRegistry } from './registry-injection.decorator.js';

/**
 * Returns the descriptor of the measured form of a method.
 *
 * @throws {MetricDefinitionError} for anything other than a method
 */
export function decorateMethod<T>(
  decorator: string,
  owner: object,
  key: PropertyKey,
  descriptor: TypedPropertyDescriptor<T> | undefined,
  definition: MeasurementDefinition,
): TypedPropertyDescriptor<T> {
  if (typeof descriptor?.value !== 'function') {
    // ECMAScript decorators receive a context object in place of the method name.
    const target = typeof key === 'object' ? 'an ECMAScript decorator' : describeTarget(owner, key);
    throw new MetricDefinitionError(
      `${decorator} must be on a method; got ${target}. Use it on methods only (not on accessors or properties) and set experimentalDecorators in tsconfig.json.`,
    );
  }
  if (typeof owner !== 'function') injectRegistry(owner);
  // The check above does not narrow the type parameter.
  const method = descriptor.value as unknown as AnyMethod;
  return { ...descriptor, value: measureMethod(owner, key, method, definition) as T };
}

/** Describes what a decorator is on; on a class there is no member. */
function describeTarget(owner: object, key: PropertyKey | undefined): string {
  return key === undefined ? `the class ${classOf(owner).name}` : describeMethod(owner, key);
}
