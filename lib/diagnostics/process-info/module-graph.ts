import type { ModuleInfo } from './process-report.js';
import { safeName } from './safe-name.js';

/** Maximum number of imports of one module that are listed. */
const MAX_IMPORTS = 100;

/** A module, as Nest keeps it. */
export interface GraphModule {
  readonly name: string;
  readonly isGlobal: boolean;
  readonly imports: Iterable<GraphModule>;
  readonly providers: { readonly size: number };
  readonly controllers: { readonly size: number };
}

/** Returns the modules in the order of the container, each under a name of its own. */
export function* moduleGraph(
  modules: readonly GraphModule[],
  limit: number,
): Generator<void, ModuleInfo[], void> {
  const names = new Map<GraphModule, string>();
  const counts = new Map<string, number>();
  for (const module of modules) {
    yield;
    const name = safeName(module.name);
    const count = (counts.get(name) ?? 0) + 1;
    counts.set(name, count);
    names.set(module, count === 1 ? name : `${name}#${count}`);
  }
  const rows: ModuleInfo[] = [];
  for (const module of modules.slice(0, limit)) {
    yield;
    const imports = [...module.imports].map((each) => names.get(each) ?? safeName(each.name));
    const more = imports.length - MAX_IMPORTS;
    rows.push({
      name: names.get(module) ?? '',
      isGlobal: module.isGlobal,
      imports: more > 0 ? [...imports.slice(0, MAX_IMPORTS), `(${more} more)`] : imports,
      providers: module.providers.size,
      controllers: module.controllers.size,
    });
  }
  return rows;
}
