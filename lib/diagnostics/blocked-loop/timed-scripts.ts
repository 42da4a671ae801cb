import vm from 'node:vm';
import { Guard } from '../../primitives/guard.js';
import { patchMethod } from '../../primitives/method-patch.js';

/** The methods that run code, and the position of their options. */
const SCRIPT_METHODS = [
  ['runInContext', 1],
  ['runInThisContext', 0],
] as const;
const MODULE_METHODS = [['evaluate', 0]] as const;

/**
 * Observes when scripts and modules of `node:vm` run that have a time limit or that SIGINT may end. V8 ends them by an interrupt. If
 * that comes while the inspector evaluates something, the inspector takes it for its own, and the script never ends.
 *
 * @returns a function that ends the observation
 */
export function observeTimedScripts(started: () => void, ended: () => void): () => void {
  const guard = new Guard(() => undefined);
  const observe = (code: object, [method, position]: readonly [string, number]) =>
    patchMethod(code, method, guard, (args) => {
      if (!isLimited(args[position])) return undefined;
      started();
      return { returned: ended, threw: ended };
    });
  const { Script, Module } = vm as typeof vm & { readonly Module?: { readonly prototype: object } };
  const removals = [
    ...SCRIPT_METHODS.map((method) => observe(Script.prototype, method)),
    // Behind a flag of Node.
    ...(Module === undefined ? [] : MODULE_METHODS.map((method) => observe(Module.prototype, method))),
  ];
  return () => {
    for (const remove of removals) remove();
  };
}

function isLimited(options: unknown): boolean {
  const { timeout, breakOnSigint } = (options ?? {}) as vm.RunningScriptOptions;
  return timeout !== undefined || breakOnSigint === true;
}
