import type { Guard } from './guard.js';

/**
 * Patches one property of one object to observe its reads: the property becomes an accessor that returns the same value.
 * In contrast to a patched method, no function of this library is on the stack when the value, such as a method, is
 * called.
 *
 * An assignment works as before, and the patch stays. The property of another object of the class is not affected.
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
  const given = Object.getOwnPropertyDescriptor(object, name);
  if (given?.configurable === false || !Object.isExtensible(object) || !(name in object)) return undefined;
  let own = given;
  const read = (receiver: unknown): unknown => {
    if (own === undefined) return Reflect.get(Object.getPrototypeOf(object) as object, name, receiver);
    return 'value' in own
      ? own.value
      : Reflect.get(Object.create(null, { value: own }) as object, 'value', receiver);
  };
  const write = (receiver: object, value: unknown): void => {
    const assigned = { value, configurable: true, enumerable: own?.enumerable ?? true, writable: true };
    if (receiver === object) own = assigned;
    else Reflect.defineProperty(receiver, name, assigned);
  };
  const accessor: PropertyDescriptor = {
    configurable: true,
    enumerable: given?.enumerable ?? false,
    get(this: unknown) {
      const value = read(this);
      try {
        observe(value, this);
      } catch (error) {
        guard.report(error);
      }
      return value;
    },
  };
  // An accessor keeps its setter, and one without a setter stays read-only.
  const isData = given === undefined || 'value' in given;
  const patched: PropertyDescriptor = isData
    ? {
        ...accessor,
        set(this: object, value: unknown) {
          write(this, value);
        },
      }
    : { ...given, ...accessor };
  if (!Reflect.defineProperty(object, name, patched)) return undefined;
  return () => {
    guard.run(() => {
      if (Object.getOwnPropertyDescriptor(object, name)?.get !== patched.get) return;
      if (own === undefined) Reflect.deleteProperty(object, name);
      else Reflect.defineProperty(object, name, own);
    });
  };
}
