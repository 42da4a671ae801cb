type AnyFunction = (this: unknown, ...args: never[]) => unknown;

/**
 * Puts another function in the place of a method of one object, and of no other of its class.
 *
 * @param replace makes it of the one that is there
 * @returns how to take it out again; nothing happens where there is no such method or the object is frozen
 */
export function replaceMethod<F extends AnyFunction>(
  owner: object,
  name: string,
  replace: (original: F) => F,
): () => void {
  const before = Object.getOwnPropertyDescriptor(owner, name);
  const original = Reflect.get(owner, name) as unknown;
  if (typeof original !== 'function') return () => undefined;
  const value = replace(original as F);
  const isReplaced = Reflect.defineProperty(owner, name, {
    value,
    configurable: true,
    writable: true,
    enumerable: before?.enumerable ?? false,
  });
  return () => {
    // Whoever has replaced it since goes on with what is there.
    if (!isReplaced || Object.getOwnPropertyDescriptor(owner, name)?.value !== value) return;
    if (before === undefined) Reflect.deleteProperty(owner, name);
    else Reflect.defineProperty(owner, name, before);
  };
}
