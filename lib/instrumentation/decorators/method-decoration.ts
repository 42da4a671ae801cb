import { MetricDefinitionError } from '../../metrics/errors.js';
import type { AnyMethod } from '../../primitives/method-patch.js';
import { type Measure, measureMethod } from './measured-method.js';
import { describeMethod } from './method-name.js';
import { injectRegistry } from './registry-injection.decorator.js';

/** The descriptor of a method that is measured, for a method decorator to return. */
export function decorateMethod<T>(
  decorator: string,
  home: object,
  key: PropertyKey,
  descriptor: TypedPropertyDescriptor<T> | undefined,
  measure: Measure,
): TypedPropertyDescriptor<T> {
  if (typeof descriptor?.value !== 'function') {
    // The decorators of ECMAScript are called with a context in the place of the name.
    const place = typeof key === 'object' ? 'an ECMAScript decorator' : describeMethod(home, key);
    throw new MetricDefinitionError(
      `Expected ${decorator} to be on a method, got ${place}. Use it on methods (not on accessors or properties), with experimentalDecorators in tsconfig.json.`,
    );
  }
  if (typeof home !== 'function') injectRegistry(home);
  const measured = measureMethod(home, key, descriptor.value as unknown as AnyMethod, measure);
  return { ...descriptor, value: measured as T };
}
