import type { Guard } from './guard.js';
import { type CallObserver, patchMethod } from './method-patch.js';

type Begin = (args: readonly unknown[], receiver: unknown) => CallObserver | undefined;

/** The observers of one patched method, and the function that removes the patch. */
interface SharedPatch {
  readonly observers: Set<Begin>;
  readonly remove: () => void;
}

/** The property of a prototype that holds its shared patches. */
const SHARED = Symbol('monitoring.sharedPatches');

/**
 * Patches a method of a prototype to observe its calls, for objects that cannot be reached, such as those that Nest
 * creates for each route. All applications of a process share one patch, which is removed with the last of them.
 *
 * @param begin as for {@link patchMethod}; the first observer of a call is used
 * @returns a function that ends the observation
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
  const guarded: Begin = (args, receiver) => {
    try {
      return begin(args, receiver);
    } catch (error) {
      guard.report(error);
      return undefined;
    }
  };
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
