import { deepEqual, ok } from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { run } from './commands.mjs';

/** What the package consists of, beside `dist` and the folders of documents. */
const DOCUMENTS = [
  'CHANGELOG.md',
  'CONTRIBUTING.md',
  'LICENSE',
  'README.md',
  'SECURITY.md',
  'THIRD-PARTY-LICENSES.md',
  'package.json',
  'sample-app/README.md',
  'sample-app/standalone/package.json',
  'sample-app/standalone/tsconfig.json',
  'test/bench/results/growth.svg',
];
/** The manual, and the sample application. */
const DOCUMENT_FOLDERS = ['docs/', 'sample-app/deploy/', 'sample-app/migrating/', 'sample-app/src/'];
/** The documents for those who have the repository, whose links lead into it. */
const OF_REPOSITORY = ['CONTRIBUTING.md', 'SECURITY.md'];
/** A relative link of Markdown or HTML, without the place in its target. */
const RELATIVE_LINK = /(?:\]\(|\b(?:src|href)=")(?![a-z]+:|#|\/\/)([^)"#\s]+)/g;
/** The folder of the dashboard page. */
const PAGE = 'dist/page';
/** The folder of what `nest add` runs. */
const SCHEMATICS = 'dist/schematics';
/** The folder of the dashboards that a user imports into Grafana. */
const GRAFANA = 'sample-app/deploy/grafana/dashboards/';

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

  await checklist.check('the package has its documents, and nothing else beside dist', () => {
    const others = files.filter((path) => !compiled.includes(path) && !isInFolderOfDocuments(path));
    deepEqual(others.toSorted(), DOCUMENTS);
  });
  await checklist.check('the package has the dashboards for Grafana', () =>
    deepEqual(
      files.filter((path) => path.startsWith(GRAFANA)).toSorted(),
      readdirSync(join(root, GRAFANA))
        .map((file) => `${GRAFANA}${file}`)
        .toSorted(),
    ),
  );
  await checklist.check('every relative link of README and manual leads to something that is packed', () => {
    const pages = files.filter((path) => path.endsWith('.md') && !OF_REPOSITORY.includes(path));
    const links = pages.flatMap((page) => relativeLinks(root, page));
    ok(links.length > 0, 'They have no links.');
    const isPacked = (target) => files.some((path) => path === target || path.startsWith(`${target}/`));
    deepEqual(
      links.filter(({ target }) => !isPacked(target)),
      [],
    );
  });
  await checklist.check(
    'dist has only modules and declarations of each format, and the dashboard page',
    () => {
      const strangers = compiled.filter(
        (path) =>
          !isOfPage(path) && !isOfSchematics(path) && !/^dist\/[\w.-]+\.(js|cjs|d\.ts|d\.cts)$/.test(path),
      );
      deepEqual(strangers, []);
    },
  );
  await checklist.check('dist has the schematic of nest add', () =>
    deepEqual(compiled.filter(isOfSchematics).toSorted(), [
      `${SCHEMATICS}/collection.json`,
      `${SCHEMATICS}/nest-add.cjs`,
    ]),
  );
  await checklist.check(
    'dist has every file of the dashboard page, and each that a module of it imports',
    () => {
      const shipped = compiled.filter(isOfPage).map((path) => path.slice(PAGE.length + 1));
      const modules = shipped.filter((name) => name.endsWith('.js'));
      const imported = modules.flatMap((name) => [
        ...readFileSync(join(root, PAGE, name), 'utf8').matchAll(/["']\.\/([\w.-]+\.(?:js|css))["']/g),
      ]);
      const others = readdirSync(join(root, 'lib/dashboard/page')).filter((name) => !name.endsWith('.js'));
      const expected = [...new Set(['dashboard.js', ...imported.map(([, name]) => name), ...others])];
      const copies = expected.filter((name) => /\.(js|css)$/.test(name)).map((name) => `${name}.br`);
      deepEqual(shipped.toSorted(), [...expected, ...copies].toSorted());
      // What somebody reads in the sources would be sent to every browser.
      deepEqual(
        modules.filter((name) => /\n\s*\/?\*/.test(readFileSync(join(root, PAGE, name), 'utf8'))),
        [],
      );
    },
  );
  await checklist.check('the sizes in docs/package.md are those of the package', () =>
    run('node', ['release/sizes.mjs'], { cwd: root }),
  );
  await checklist.check('publint has nothing to say', () =>
    run('node_modules/.bin/publint', ['run', tarball, '--strict'], { cwd: root }),
  );
  await checklist.check('the types are right for every way to import the package', () =>
    run('node_modules/.bin/attw', [tarball], { cwd: root }),
  );
}

function isOfSchematics(path) {
  return path.startsWith(`${SCHEMATICS}/`);
}

function isInFolderOfDocuments(path) {
  return DOCUMENT_FOLDERS.some((folder) => path.startsWith(folder));
}

/** @returns {{ page: string, target: string }[]} where the relative links of a page lead */
function relativeLinks(root, page) {
  const text = readFileSync(join(root, page), 'utf8');
  return [...text.matchAll(RELATIVE_LINK)].map(([, link]) => ({
    page,
    target: posix.join(posix.dirname(page), link).replace(/\/$/, ''),
  }));
}

function isOfPage(path) {
  return path.startsWith(`${PAGE}/`);
}
