import type { Guard } from './guard.js';
import { type CallObserver, patchMethod } from './method-patch.js';

type Begin = (args: readonly unknown[], receiver: unknown) => CallObserver | undefined;

/** The observers of one method that is patched, and how the patch is removed. */
interface SharedPatch {
  readonly observers: Set<Begin>;
  readonly remove: () => void;
}

/** The shared patches of a prototype, on the prototype itself. */
const SHARED = Symbol('monitoring.sharedPatches');

/**
 * Observes the calls of a method of a class whose objects are out of reach, such as those that Nest makes for each
 * route. The applications of a process share one patch, which goes with the last of them: the method is wrapped once,
 * however many start and end, in whatever order.
 *
 * @param begin as for {@link patchMethod}; of several that answer for one call, the first is its observer
 * @returns a function that ends it
 */
export function patchSharedMethod(
  prototype: object,
  name: PropertyKey,
  guard: Guard,
  begin: Begin,
): () => void {
  const patches = sharedPatchesOf(prototype);
  const patch = patches.get(name) ?? sharedPatch(prototype, name, guard);
  patches.set(name, patch);
  const guarded: Begin = (args, receiver) => guard.run(() => begin(args, receiver));
  patch.observers.add(guarded);
  return () => {
    patch.observers.delete(guarded);
    if (patch.observers.size > 0 || patches.get(name) !== patch) return;
    patches.delete(name);
    patch.remove();
  };
}

function sharedPatch(prototype: object, name: PropertyKey, guard: Guard): SharedPatch {
  const observers = new Set<Begin>();
  const remove = patchMethod(prototype, name, guard, (args, receiver) => {
    for (const begin of observers) {
      const observer = begin(args, receiver);
      if (observer !== undefined) return observer;
    }
    return undefined;
  });
  return { observers, remove };
}

function sharedPatchesOf(prototype: object): Map<PropertyKey, SharedPatch> {
  const own: unknown = Object.getOwnPropertyDescriptor(prototype, SHARED)?.value;
  if (own instanceof Map) return own as Map<PropertyKey, SharedPatch>;
  const patches = new Map<PropertyKey, SharedPatch>();
  Reflect.defineProperty(prototype, SHARED, { value: patches, configurable: true });
  return patches;
}
