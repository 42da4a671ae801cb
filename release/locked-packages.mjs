import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The repository, in which npm runs the scripts of package.json. */
export const ROOT = process.cwd();

/**
 * @typedef {object} LockedPackage
 * @property {string} path where npm installs it
 * @property {string} name
 * @property {string} version
 * @property {string | undefined} license the SPDX expression of its package.json
 * @property {string | undefined} integrity
 * @property {string[]} dependencies the paths of the packages that it needs
 *
 * @typedef {object} LockEntry a package in package-lock.json, by its path
 * @property {string} [name] absent if the path ends with it
 * @property {string} version
 * @property {string} [license]
 * @property {string} [integrity]
 * @property {Record<string, string>} [dependencies]
 * @property {Record<string, string>} [optionalDependencies]
 */

/** package.json, and the packages of package-lock.json as npm installs them. */
export class LockedPackages {
  /** @type {Record<string, LockEntry>} */
  #packages;

  /** @param {string} root the folder of both files */
  constructor(root = ROOT) {
    this.manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
    this.#packages = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')).packages;
  }

  /**
   * Returns packages with everything that they need, each once.
   *
   * @param {string[]} names of packages that the manifest names
   * @returns {LockedPackage[]} in the order of their paths
   */
  closureOf(names) {
    /** @type {Map<string, LockedPackage>} */
    const found = new Map();
    const waiting = names.map((name) => this.#find('', name));
    for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
      if (found.has(path)) continue;
      const each = this.#packageAt(path);
      found.set(path, each);
      waiting.push(...each.dependencies);
    }
    return [...found.values()].toSorted((a, b) => (a.path < b.path ? -1 : 1));
  }

  /** @param {string} path @returns {LockedPackage} */
  #packageAt(path) {
    const { name, version, license, integrity, dependencies, optionalDependencies } = this.#packages[path];
    const needed = Object.keys(dependencies ?? {}).map((each) => this.#find(path, each));
    // An optional one may be for another platform.
    const optional = Object.keys(optionalDependencies ?? {}).filter((each) => this.#seek(path, each));
    return {
      path,
      name: name ?? path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length),
      version,
      license,
      integrity,
      dependencies: [...needed, ...optional.map((each) => this.#find(path, each))],
    };
  }

  /** Finds a package as Node.js does: beside whoever needs it, or in a folder above. */
  #seek(from, name) {
    for (let folder = from; ; folder = folder.slice(0, Math.max(0, folder.lastIndexOf('/node_modules/')))) {
      const path = `${folder === '' ? '' : `${folder}/`}node_modules/${name}`;
      if (this.#packages[path] !== undefined) return path;
      if (folder === '') return undefined;
    }
  }

  #find(from, name) {
    const path = this.#seek(from, name);
    if (path === undefined)
      throw new Error(`package-lock.json has no ${name}, which ${from || 'package.json'} needs.`);
    return path;
  }
}
