import { PushError } from './push-destination.js';

/**
 * Loads a package that an application installs only if it wants what needs it.
 *
 * @param owner what needs it, for the message
 * @throws {PushError} that says what to install
 */
export async function loadPackage<T>(name: string, owner: string): Promise<T> {
  const loaded = await findPackage<T>(name);
  if (loaded !== undefined) return loaded;
  throw new PushError(`${owner} needs the package ${name}: npm install ${name}`, 'stop');
}

/** As {@link loadPackage}; undefined if it is not installed. */
export async function findPackage<T>(name: string): Promise<T | undefined> {
  try {
    return (await import(name)) as T;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    // A package that is there, but misses something itself, is another matter.
    if (code === 'ERR_MODULE_NOT_FOUND' && message.includes(`'${name}'`)) return undefined;
    throw error;
  }
}
