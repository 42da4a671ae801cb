import { deepEqual } from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { run } from './commands.mjs';

/** What the package consists of, beside `dist` and the manual. */
const DOCUMENTS = ['CHANGELOG.md', 'LICENSE', 'README.md', 'package.json'];
/** The folder of the manual. Its pictures are on the page of the repository only. */
const MANUAL = 'docs';
/** The folder of the dashboard page. */
const PAGE = 'dist/page';

/**
 * Packs the package, compiling it first if nobody has.
 *
 * @param {string} root the repository
 * @param {string} folder where to put the tarball
 * @returns {Promise<string>} its path
 */
export async function pack(root, folder) {
  if (!existsSync(join(root, 'dist/index.js'))) await run('npm', ['run', 'build'], { cwd: root });
  const report = await run('npm', ['pack', '--json', '--pack-destination', folder], { cwd: root });
  const [{ filename }] = JSON.parse(report);
  return join(folder, filename);
}

/**
 * Checks what is in the tarball, before anything is installed from it.
 *
 * @param {import('./checklist.mjs').Checklist} checklist
 * @param {string} root
 * @param {string} tarball
 */
export async function checkTarball(checklist, root, tarball) {
  const listing = await run('tar', ['-tzf', tarball]);
  const files = listing
    .trim()
    .split('\n')
    .map((path) => path.replace(/^package\//, ''));
  const compiled = files.filter((path) => path.startsWith('dist/'));
  /** @type {string[]} */
  const pages = readdirSync(join(root, MANUAL)).filter((file) => file.endsWith('.md'));
  /** @type {string[]} */
  const documents = [...DOCUMENTS, ...pages.map((file) => `${MANUAL}/${file}`)];

  await checklist.check('the package has its documents, and nothing else beside dist', () =>
    deepEqual(files.filter((path) => !compiled.includes(path)).toSorted(), documents.toSorted()),
  );
  await checklist.check(
    'dist has only modules and declarations of each format, and the dashboard page',
    () => {
      const strangers = compiled.filter(
        (path) => !isOfPage(path) && !/^dist\/[\w.-]+\.(js|cjs|d\.ts|d\.cts)$/.test(path),
      );
      deepEqual(strangers, []);
    },
  );
  await checklist.check('dist has every file of the dashboard page', () =>
    deepEqual(
      compiled.filter(isOfPage).toSorted(),
      readdirSync(join(root, 'lib/dashboard/page'))
        .map((file) => `${PAGE}/${file}`)
        .toSorted(),
    ),
  );
  await checklist.check('publint has nothing to say', () =>
    run('node_modules/.bin/publint', ['run', tarball, '--strict'], { cwd: root }),
  );
  await checklist.check('the types are right for every way to import the package', () =>
    run('node_modules/.bin/attw', [tarball], { cwd: root }),
  );
}

function isOfPage(path) {
  return path.startsWith(`${PAGE}/`);
}
