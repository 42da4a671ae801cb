/**
 * What the metrics of a method begin with unless a name is given: class and method in snake case, so that
 * `OrdersService.process` is `orders_service_process`.
 */
export function defaultMetricName(className: string, method: PropertyKey): string {
  const words = [className, wordOf(method)].map(snakeCase).filter((word) => word !== '');
  const name = words.join('_') || 'method';
  return /^\d/.test(name) ? `_${name}` : name;
}

/** A method for an error message. */
export function describeMethod(home: object, method: PropertyKey): string {
  return `${classOf(home).name || 'a class without a name'}.${String(method)}`;
}

/** The class that a method belongs to, whose prototype or, for a static method, whose self is `home`. */
export function classOf(home: object): { readonly name: string } {
  return typeof home === 'function' ? home : home.constructor;
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
    .replace(/^_+|(?<!_)_+$/g, '');
}
