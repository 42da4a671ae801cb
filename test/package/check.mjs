/**
 * Checks the package as those get it who install it: packs it, looks into the tarball, and installs that into
 * applications that know nothing of this repository. It needs the registry of npm, and promtool if it is there.
 *
 *     node test/package/check.mjs [cell ...]
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Checklist } from './checklist.mjs';
import { run } from './commands.mjs';
import { installCompilers } from './compilers.mjs';
import { checkConsumer } from './consumer.mjs';
import { CONSUMERS, OTHER_NODES } from './consumers.mjs';
import { CURRENT_NODE, installNode } from './node-versions.mjs';
import { checkSampleApp } from './sample-app.mjs';
import { checkTarball, pack } from './tarball.mjs';
import { checkTemplate, TEMPLATES } from './templates.mjs';

/** The newest that Node 20 runs. */
const PNPM = 10;

const compilationsOf = ({ compilations = [] }) => compilations.length;

/**
 * The cells of the matrix, by name. First those that need no tools beside the package, while the tools are installed. The
 * last ones are those that do several things at once, so that both cores have something to do until the end; of these, the
 * first are those that compile most, which takes longest.
 */
const CELLS = [
  ...TEMPLATES.map((template) => ({
    name: template.name,
    check: (tools) => checkTemplate(checklist, template, tools),
  })),
  { name: 'sample-app', check: (tools) => checkSampleApp(checklist, tools) },
  ...CONSUMERS.toSorted((a, b) => compilationsOf(b) - compilationsOf(a)).map((consumer) => ({
    name: consumer.name,
    check: async (tools) => {
      await tools.installed;
      await checkConsumer(checklist, consumer, tools);
    },
  })),
];

const root = join(import.meta.dirname, '../..');
const folder = mkdtempSync(join(tmpdir(), 'nestjs-monitoring-package-'));
const checklist = new Checklist();
try {
  let tarball = '';
  const packed = await checklist.check('npm packs the package', async () => {
    tarball = await pack(root, folder);
  });
  if (packed) {
    const tools = { root, tarball, folder, nodes: [CURRENT_NODE], compilers: '', pnpm: '' };
    tools.installed = checklist.cell('the tools of the cells', () => installTools(tools));
    const wanted = process.argv.slice(2);
    const cells = CELLS.filter(({ name }) => wanted.length === 0 || wanted.includes(name));
    // More than there are cores: a cell waits for the registry, and for applications to end.
    const lanes = Array.from({ length: 3 }, async () => {
      for (let next = cells.shift(); next !== undefined; next = cells.shift()) {
        const { name, check } = next;
        await checklist.cell(name, () => check(tools));
      }
    });
    const checked = checklist.cell('the tarball', () => checkTarball(checklist, root, tarball));
    await Promise.all([checked, tools.installed, ...lanes]);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
  console.log(checklist.summary);
}
if (checklist.failed > 0) process.exitCode = 1;

/** @param {import('./consumer.mjs').Tools} tools that get what is installed */
async function installTools(tools) {
  for (const major of OTHER_NODES) {
    await checklist.check(`npm installs Node ${major}`, async () => {
      tools.nodes.push(await installNode(major, folder));
    });
  }
  await checklist.check('npm installs the compilers', async () => {
    tools.compilers = await installCompilers(folder);
  });
  await checklist.check('npm installs pnpm', async () => {
    const cwd = join(folder, 'pnpm');
    const args = ['install', '--prefix', cwd, '--no-audit', '--no-fund', '--prefer-offline', `pnpm@${PNPM}`];
    await run('npm', args);
    tools.pnpm = join(cwd, 'node_modules/pnpm/bin/pnpm.cjs');
  });
}
