import type { Guard } from './guard.js';

/**
 * Patches one property of one object to observe its reads: the property becomes an accessor that returns the same value.
 * In contrast to a patched method, no function of this library is on the stack when the value, such as a method, is
 * called.
 *
 * An assignment replaces the patch. The property of another object of the class is not affected.
 *
 * @param observe called with each value that is read, and the object from which it is read
 * @returns a function that removes the patch; it does nothing if there is no such property, or it cannot be changed
 */
export function patchAccess(
  object: object,
  name: PropertyKey,
  guard: Guard,
  observe: (value: unknown, receiver: unknown) => void,
): () => void {
  return guard.run(() => replaceProperty(object, name, guard, observe)) ?? (() => undefined);
}

function replaceProperty(
  object: object,
  name: PropertyKey,
  guard: Guard,
  observe: (value: unknown, receiver: unknown) => void,
): (() => void) | undefined {
  const own = Object.getOwnPropertyDescriptor(object, name);
  if (own?.configurable === false || !Object.isExtensible(object) || !(name in object)) return undefined;
  const read = (receiver: unknown): unknown => {
    if (own === undefined) return Reflect.get(Object.getPrototypeOf(object) as object, name, receiver);
    return own.get === undefined ? own.value : Reflect.apply(own.get, receiver, []);
  };
  const accessor: PropertyDescriptor = {
    configurable: true,
    enumerable: own?.enumerable ?? false,
    get(this: unknown) {
      const value = read(this);
      try {
        observe(value, this);
      } catch (error) {
        guard.report(error);
      }
      return value;
    },
    // An accessor without a setter stays one.
    set:
      own?.get !== undefined
        ? own.set
        : function (this: object, value: unknown) {
            Reflect.defineProperty(this, name, {
              value,
              configurable: true,
              enumerable: own?.enumerable ?? true,
              writable: true,
            });
          },
  };
  if (!Reflect.defineProperty(object, name, accessor)) return undefined;
  return () => {
    guard.run(() => {
      if (Object.getOwnPropertyDescriptor(object, name)?.get !== accessor.get) return;
      if (own === undefined) Reflect.deleteProperty(object, name);
      else Reflect.defineProperty(object, name, own);
    });
  };
}
