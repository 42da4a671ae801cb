/**
 * Returns a proxy of an object with some methods replaced. Every other method is called on the object itself, which may
 * have private fields.
 *
 * @param replacements the methods that are replaced
 * @param own methods that are called on the proxy, so that they use its replacements
 * @returns undefined if a method cannot be replaced, as on a frozen object
 */
export function overridingProxy<T extends object>(
  target: T,
  replacements: object,
  own: ReadonlySet<PropertyKey> = NONE,
): T | undefined {
  if (Reflect.ownKeys(replacements).some((key) => isFixed(target, key))) return undefined;
  const calledOnTarget = new WeakMap<object, object>();
  const proxy: T = new Proxy(target, {
    get(_, key) {
      if (Object.hasOwn(replacements, key)) return Reflect.get(replacements, key) as unknown;
      const value = Reflect.get(target, key, target) as unknown;
      if (typeof value !== 'function' || key === 'constructor' || own.has(key) || isFixed(target, key))
        return value;
      let method = calledOnTarget.get(value);
      if (method === undefined) {
        // A proxy keeps the identity of the function in every other respect, and stays constructible if it is a class.
        method = new Proxy(value, {
          apply: (_method, receiver: unknown, args: unknown[]): unknown =>
            Reflect.apply(value, receiver === proxy ? target : receiver, args),
        });
        calledOnTarget.set(value, method);
      }
      return method;
    },
    set: (_, key, value: unknown) => Reflect.set(target, key, value, target),
  });
  return proxy;
}

const NONE: ReadonlySet<PropertyKey> = new Set();

/** Returns true if a proxy must return the very value of a property. */
function isFixed(target: object, key: PropertyKey): boolean {
  const property = Object.getOwnPropertyDescriptor(target, key);
  return property !== undefined && !(property.configurable ?? false) && !(property.writable ?? false);
}
