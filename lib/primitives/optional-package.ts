import { createRequire } from 'node:module';

/**
 * Imports a package that an application may or may not have; returns undefined if it is not installed. Where a package
 * cannot be imported, as in a CommonJS test of Jest, it is required.
 *
 * The name is a variable, so that an application without the types of the package compiles.
 */
export async function findPackage<T>(name: string): Promise<T | undefined> {
  try {
    return (await importOrRequire(name)) as T;
  } catch (error) {
    if (isMissing(error, name)) return undefined;
    throw error;
  }
}

/** Requires a package that an application may or may not have, at once; returns undefined if it is not installed. */
export function requirePackage<T>(name: string): T | undefined {
  try {
    return requireOfApplication()(name) as T;
  } catch (error) {
    if (isMissing(error, name)) return undefined;
    throw error;
  }
}

async function importOrRequire(name: string): Promise<unknown> {
  try {
    return await import(name);
  } catch (error) {
    if (!String((error as NodeJS.ErrnoException).code).startsWith('ERR_VM_DYNAMIC_IMPORT')) throw error;
    return requireOfApplication()(name);
  }
}

/** A bundler of the application that makes CommonJS of this module, such as esbuild, leaves `import.meta` empty. */
function requireOfApplication(): NodeJS.Require {
  return createRequire((import.meta as Partial<ImportMeta>).url ?? __filename);
}

/** Returns true if the error says that this package is missing, which is not that a dependency of it is. */
function isMissing(error: unknown, name: string): boolean {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code !== 'ERR_MODULE_NOT_FOUND' && code !== 'MODULE_NOT_FOUND') return false;
  return [name, packageOf(name)].some((missing) => message.includes(`'${missing}'`));
}

/** Returns the name of the package of a path such as `@scope/name/part`. */
function packageOf(path: string): string {
  return path.split('/', path.startsWith('@') ? 2 : 1).join('/');
}
