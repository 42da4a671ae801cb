import { Scope } from '@nestjs/common';
import type { ModulesContainer } from '@nestjs/core';
import { STATIC_CONTEXT } from '@nestjs/core/injector/constants.js';

type Module = ModulesContainer extends Map<string, infer M> ? M : never;
type InstanceWrapper = Module['providers'] extends Map<unknown, infer W> ? W : never;

/** A provider of the application that is made once. */
export interface ApplicationProvider {
  /** The text of the token by which it is injected. */
  readonly name: string;
  readonly isAlias: boolean;
  /** What it is now; not always an object. */
  instance(): unknown;
}

/** The providers of an application that exist once and are made, in the order of the modules. */
export class ApplicationProviders {
  private readonly sizes = new Map<Module, number>();
  private readonly seen = new Set<InstanceWrapper>();
  private unresolved: { readonly token: unknown; readonly wrapper: InstanceWrapper }[] = [];
  private readonly resolved: ApplicationProvider[] = [];

  constructor(private readonly modules: ModulesContainer) {}

  /** All that were made at the last refresh. */
  get all(): readonly ApplicationProvider[] {
    return this.resolved;
  }

  /**
   * Looks for modules and providers that are new. Costs next to nothing if there are none.
   *
   * @returns the providers that have been made since the last refresh; all of them after a module was removed
   */
  refresh(): readonly ApplicationProvider[] {
    this.readModules();
    if (this.sizes.size !== this.modules.size) {
      this.forget();
      this.readModules();
    }
    const made = this.takeResolved();
    this.resolved.push(...made);
    return made;
  }

  private readModules(): void {
    for (const module of this.modules.values()) {
      if (this.sizes.get(module) === module.providers.size) continue;
      this.sizes.set(module, module.providers.size);
      for (const [token, wrapper] of module.providers) {
        // Of what is made for each request, or for each place of use, the container only has a blueprint.
        if (this.seen.has(wrapper) || wrapper.isTransient || wrapper.scope === Scope.REQUEST) continue;
        this.seen.add(wrapper);
        this.unresolved.push({ token, wrapper });
      }
    }
  }

  private takeResolved(): ApplicationProvider[] {
    if (this.unresolved.length === 0) return [];
    const made = this.unresolved.filter(({ wrapper }) => isResolved(wrapper));
    if (made.length === 0) return [];
    this.unresolved = this.unresolved.filter(({ wrapper }) => !isResolved(wrapper));
    return (
      made
        // Nest remembers the answer, so it must not be asked before all dependencies are known.
        .filter(({ wrapper }) => wrapper.isDependencyTreeStatic())
        .map(({ token, wrapper }) => ({
          name: textOf(token),
          isAlias: wrapper.isAlias,
          instance: () => wrapper.instance,
        }))
    );
  }

  private forget(): void {
    this.sizes.clear();
    this.seen.clear();
    this.unresolved = [];
    this.resolved.length = 0;
  }
}

/** Until it is resolved, a wrapper has an object that no constructor has run for. */
function isResolved(wrapper: InstanceWrapper): boolean {
  return wrapper.getInstanceByContextId(STATIC_CONTEXT).isResolved === true;
}

function textOf(token: unknown): string {
  if (typeof token === 'function') return token.name;
  return typeof token === 'symbol' ? (token.description ?? 'symbol') : String(token);
}
