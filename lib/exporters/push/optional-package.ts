import { PushError } from './push-destination.js';

/**
 * Loads an optional peer dependency.
 *
 * @param owner the feature that needs the package, for the error message
 * @throws {PushError} if the package is not installed
 */
export async function loadPackage<T>(name: string, owner: string): Promise<T> {
  const loaded = await findPackage<T>(name);
  if (loaded !== undefined) return loaded;
  throw new PushError(`${owner} needs the package ${name}: npm install ${name}`, 'stop');
}

/** Loads an optional peer dependency; returns undefined if it is not installed. */
export async function findPackage<T>(name: string): Promise<T | undefined> {
  try {
    return (await import(name)) as T;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    // A missing dependency of an installed package is a different error.
    if (code === 'ERR_MODULE_NOT_FOUND' && message.includes(`'${name}'`)) return undefined;
    throw error;
  }
}
