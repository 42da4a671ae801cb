/**
 * Returns the default prefix of the metrics of a method: class and method in snake case, such as
 * `orders_service_process` for `OrdersService.process`.
 */
export function defaultMetricName(className: string, method: PropertyKey): string {
  const words = [className, wordOf(method)].map(snakeCase).filter((word) => word !== '');
  const name = words.join('_') || 'method';
  return /^\d/.test(name) ? `_${name}` : name;
}

/** Returns `Class.method`, for messages. */
export function describeMethod(owner: object, method: PropertyKey): string {
  return `${classOf(owner).name || '(anonymous class)'}.${String(method)}`;
}

/**
 * Returns the class that has a method.
 *
 * @param owner the prototype that has the method, or the class for a static method
 */
export function classOf(owner: object): { readonly name: string } {
  return typeof owner === 'function' ? owner : owner.constructor;
}

function wordOf(method: PropertyKey): string {
  return typeof method === 'symbol' ? (method.description ?? '') : String(method);
}

function snakeCase(name: string): string {
  return name
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replace(/([A-Z])([A-Z][a-z])/g, '$1_$2')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '_')
    .replace(/^_|_$/g, '');
}
