import { mkdirSync } from 'node:fs';
import { arch, platform } from 'node:os';
import { join } from 'node:path';
import { run } from './commands.mjs';

/**
 * A Node that an application may run on.
 *
 * @typedef {object} NodeVersion
 * @property {string} name
 * @property {string} execPath
 */

/** @type {NodeVersion} The one that runs this. */
export const CURRENT_NODE = { name: `Node ${process.versions.node}`, execPath: process.execPath };

/**
 * Installs a Node from npm.
 *
 * @param {number} major
 * @param {string} folder where it may put its files
 * @returns {Promise<NodeVersion>}
 */
export async function installNode(major, folder) {
  const name = `node-${platform()}-${arch()}`;
  const cwd = join(folder, `node-${major}`);
  mkdirSync(cwd);
  await run(
    'npm',
    ['install', '--prefix', cwd, '--ignore-scripts', '--no-audit', '--no-fund', `${name}@${major}`],
    { cwd },
  );
  const execPath = join(cwd, 'node_modules', name, 'bin/node');
  const version = await run(execPath, ['--version']);
  return { name: `Node ${version.trim().slice(1)}`, execPath };
}
