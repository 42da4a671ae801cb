import { type InjectionToken, Scope } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { STATIC_CONTEXT } from '@nestjs/core/injector/constants.js';

type Module = ModulesContainer extends Map<string, infer M> ? M : never;
type InstanceWrapper = Module['providers'] extends Map<unknown, infer W> ? W : never;

/** A singleton provider of the application. */
export interface ApplicationProvider {
  /** The injection token as text. */
  readonly name: string;
  readonly isAlias: boolean;
  /** Returns the current instance, which may be a primitive value. */
  instance(): unknown;
}

/** The singleton providers of an application that have been created, in the order of the modules. */
export class ApplicationProviders {
  private readonly sizes = new Map<Module, number>();
  private readonly seen = new Set<InstanceWrapper>();
  private unresolved: { readonly token: unknown; readonly wrapper: InstanceWrapper }[] = [];
  private readonly resolved: ApplicationProvider[] = [];

  /** @param ownToken a token of the module of this library, which is not searched for clients of the application */
  constructor(
    private readonly modules: ModulesContainer,
    private readonly ownToken: InjectionToken,
  ) {}

  /** The providers that had been created at the last refresh. */
  get all(): readonly ApplicationProvider[] {
    return this.resolved;
  }

  /**
   * Reads new modules and providers. Costs next to nothing if there are none.
   *
   * @returns the providers created since the last refresh; all of them after a module was removed
   */
  refresh(): readonly ApplicationProvider[] {
    this.readModules();
    if (this.sizes.size !== this.modules.size) {
      this.reset();
      this.readModules();
    }
    const created = this.takeResolved();
    this.resolved.push(...created);
    return created;
  }

  private readModules(): void {
    for (const module of this.modules.values()) {
      if (this.sizes.get(module) === module.providers.size) continue;
      this.sizes.set(module, module.providers.size);
      if (module.providers.has(this.ownToken) || isOfNest(module)) continue;
      for (const [token, wrapper] of module.providers) {
        // The container has only a blueprint of a request-scoped or transient provider.
        if (this.seen.has(wrapper) || wrapper.isTransient || wrapper.scope === Scope.REQUEST) continue;
        this.seen.add(wrapper);
        this.unresolved.push({ token, wrapper });
      }
    }
  }

  private takeResolved(): ApplicationProvider[] {
    if (this.unresolved.length === 0) return [];
    const created = this.unresolved.filter(({ wrapper }) => isResolved(wrapper));
    if (created.length === 0) return [];
    this.unresolved = this.unresolved.filter(({ wrapper }) => !isResolved(wrapper));
    return (
      created
        // Nest caches the result, which is wrong before all dependencies are known.
        .filter(({ wrapper }) => wrapper.isDependencyTreeStatic())
        .map(({ token, wrapper }) => ({
          name: textOf(token),
          isAlias: wrapper.isAlias,
          instance: () => wrapper.instance,
        }))
    );
  }

  private reset(): void {
    this.sizes.clear();
    this.seen.clear();
    this.unresolved = [];
    this.resolved.length = 0;
  }
}

/** Returns true for the module of the framework itself, in which no client of the application is. */
function isOfNest(module: Module): boolean {
  return module.providers.has(ModulesContainer);
}

/** Returns true once the constructor has run; until then, the wrapper holds an empty object of the class. */
function isResolved(wrapper: InstanceWrapper): boolean {
  return wrapper.getInstanceByContextId(STATIC_CONTEXT).isResolved === true;
}

function textOf(token: unknown): string {
  if (typeof token === 'function') return token.name;
  return typeof token === 'symbol' ? (token.description ?? 'symbol') : String(token);
}
