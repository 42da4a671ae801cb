import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from './commands.mjs';
import { checkCompilations, compile } from './compilers.mjs';
import { checkReload } from './reload.mjs';
import { checkStart } from './start.mjs';
import { checkWithoutHttp } from './without-http.mjs';

const PACKAGE = 'nestjs-monitoring';
/** The compiler that a consumer has. */
const COMPILER = 'node_modules/typescript/bin/tsc';

/**
 * An application that installs the package as anybody would.
 *
 * @typedef {object} Consumer
 * @property {string} name
 * @property {string} sources the folder of its sources, beside this file
 * @property {'module' | 'commonjs'} type
 * @property {Readonly<Record<string, string>>} dependencies
 * @property {readonly import('./start.mjs').Start[]} starts
 * @property {'npm' | 'pnpm'} [manager] that installs it; npm unless it says so
 * @property {readonly import('./compilers.mjs').Compilation[]} [compilations] beside those of its own compiler
 * @property {boolean} [forBundlers] whether the types are looked for as bundlers do, too; true unless it says so
 * @property {boolean} [jest] whether it has tests that Jest runs
 * @property {boolean} [withoutHttp] whether it has the packages of microservices; false unless it says so
 * @property {string} [reloads] the script that a development server runs anew whenever it changes
 */

/**
 * What the cells of the matrix share.
 *
 * @typedef {object} Tools
 * @property {string} root the repository
 * @property {string} tarball the package
 * @property {string} folder of everything that is made here
 * @property {readonly import('./node-versions.mjs').NodeVersion[]} nodes the first of them runs this
 * @property {string} compilers the folder of the packages of the compilers
 * @property {string} pnpm the script of pnpm
 * @property {Promise<void>} installed settles once the nodes, the compilers and pnpm are there
 */

/**
 * Installs the tarball into a consumer, compiles it, and runs it in every way that it has on every Node.
 *
 * @param {import('./checklist.mjs').Checklist} checklist
 * @param {Consumer} consumer
 * @param {Tools} tools
 */
export async function checkConsumer(checklist, consumer, { tarball, folder, nodes, compilers, pnpm }) {
  const cwd = join(folder, consumer.name);
  mkdirSync(cwd);
  cpSync(join(import.meta.dirname, consumer.sources), cwd, { recursive: true });
  const { name, type, dependencies } = consumer;
  const manifest = {
    name,
    private: true,
    type,
    dependencies: { ...dependencies, [PACKAGE]: `file:${tarball}` },
  };
  writeFileSync(join(cwd, 'package.json'), JSON.stringify(manifest, null, 2));

  const installed =
    consumer.manager === 'pnpm'
      ? await installByPnpm(checklist, name, cwd, pnpm, folder)
      : await installByNpm(checklist, name, cwd);
  if (!installed) return;
  await checklist.check(`${name}: the types hold under strict, declarations included`, () =>
    compile(cwd, COMPILER),
  );
  if (consumer.jest === true) {
    await checklist.check(`${name}: Jest tests an application that has the package`, () =>
      run('node_modules/.bin/jest', ['--ci', '--config', 'jest.config.json', '--testTimeout=120000'], {
        cwd,
      }),
    );
  }
  if (consumer.forBundlers !== false) {
    await checklist.check(`${name}: the types are found as bundlers look for them, too`, () => {
      const asBundlers = ['--module', 'esnext', '--moduleResolution', 'bundler', '--noEmit'];
      return compile(cwd, COMPILER, asBundlers);
    });
  }
  await checkCompilations(checklist, name, cwd, consumer.compilations ?? [], compilers);
  if (consumer.reloads !== undefined) await checkReload(checklist, name, cwd, consumer.reloads);
  if (consumer.withoutHttp === true) await checkWithoutHttp(checklist, name, cwd);
  const runs = nodes.flatMap((node, i) =>
    consumer.starts
      .filter(({ onEveryNode = true }) => onEveryNode || i === 0)
      .map((start) => ({ start, node })),
  );
  // Most of what they do is to wait for their end.
  const lanes = Array.from({ length: 3 }, async () => {
    for (let next = runs.shift(); next !== undefined; next = runs.shift()) {
      const { start, node } = next;
      await checkStart(checklist, `${name}, ${start.title}, ${node.name}`, cwd, start, node.execPath);
    }
  });
  await Promise.all(lanes);
}

async function installByNpm(checklist, name, cwd) {
  const installed = await checklist.check(`${name}: npm installs the package without a conflict`, () =>
    run('npm', ['install', '--no-audit', '--no-fund', '--prefer-offline', '--loglevel=error'], { cwd }),
  );
  if (!installed) return false;
  return checklist.check(`${name}: npm finds every peer that the package wants`, () =>
    run('npm', ['ls', '--all'], { cwd }),
  );
}

/** What a package does not declare is nowhere to be found: with `hoist=false`, not even for other packages. */
function installByPnpm(checklist, name, cwd, pnpm, folder) {
  const settings = {
    hoist: false,
    'auto-install-peers': false,
    'strict-peer-dependencies': true,
    'store-dir': join(folder, 'pnpm-store'),
  };
  const lines = Object.entries(settings).map(([setting, value]) => `${setting}=${value}`);
  writeFileSync(join(cwd, '.npmrc'), `${lines.join('\n')}\n`);
  return checklist.check(`${name}: pnpm installs the package, with every peer that it wants`, () =>
    run(process.execPath, [pnpm, 'install', '--prefer-offline', '--reporter=append-only'], { cwd }),
  );
}
