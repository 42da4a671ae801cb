import { findPackage } from '../../primitives/optional-package.js';
import { PushError } from './push-destination.js';

/**
 * Imports an optional peer dependency.
 *
 * @param owner the feature that needs the package, for the error message
 * @throws {PushError} if the package is not installed
 */
export async function loadPeerDependency<T>(name: string, owner: string): Promise<T> {
  const loaded = await findPackage<T>(name);
  if (loaded !== undefined) return loaded;
  throw new PushError(`${owner} needs the package ${name}: npm install ${name}`, 'stop');
}
