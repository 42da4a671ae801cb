type Method = (this: unknown, ...args: never[]) => unknown;

/**
 * Puts another method in place of one of an object, of this object only, until it is put back. If somebody else has
 * put theirs on top in the meantime, that stays and goes on calling ours, which then only calls the original.
 *
 * @param make the new method, given the original
 * @returns how to put it back
 */
export function patchMethod(object: object, name: string, make: (original: Method) => Method): () => void {
  const original = (object as Record<string, Method>)[name];
  if (typeof original !== 'function') return () => undefined;
  const own = Object.getOwnPropertyDescriptor(object, name);
  const made = make(original);
  let active = true;
  const patched: Method = function (this: unknown, ...args) {
    return (active ? made : original).apply(this, args);
  };
  Object.defineProperty(object, name, {
    value: patched,
    configurable: true,
    writable: true,
    enumerable: own?.enumerable ?? false,
  });
  return () => {
    active = false;
    if (Object.getOwnPropertyDescriptor(object, name)?.value !== patched) return;
    if (own === undefined) Reflect.deleteProperty(object, name);
    else Object.defineProperty(object, name, own);
  };
}
