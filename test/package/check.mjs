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
import { COMMONJS_COMPILATIONS, ESM_COMPILATIONS, installCompilers } from './compilers.mjs';
import { checkConsumer } from './consumer.mjs';
import { CURRENT_NODE, installNode } from './node-versions.mjs';
import { checkTarball, pack } from './tarball.mjs';
import { checkTemplate, TEMPLATES } from './templates.mjs';

/** Beside the Node that runs this. */
const OTHER_NODES = [22, 24];
/** The newest that Node 20 runs. */
const PNPM = 10;

/** @type {import('./start.mjs').Start[]} */
const STARTS = [
  { title: 'Express', script: 'built/main.js', env: { ADAPTER: 'express' } },
  { title: 'Fastify', script: 'built/main.js', env: { ADAPTER: 'fastify' } },
];
/** @type {import('./start.mjs').Start[]} */
const COMMONJS_STARTS = [...STARTS, { title: 'plain require', script: 'main.cjs' }];

/** @type {import('./start.mjs').Start[]} */
const SLASH_STARTS = [
  {
    title: 'Fastify with ignoreTrailingSlash',
    script: 'built/main.js',
    env: {
      ADAPTER: 'fastify',
      FASTIFY: '{"ignoreTrailingSlash":true}',
      // Fastify would rather have it among `routerOptions`.
      NODE_OPTIONS: '--disable-warning=FSTDEP022',
    },
    ignoresTrailingSlash: true,
    onEveryNode: false,
  },
  {
    title: 'Fastify with routerOptions',
    script: 'built/main.js',
    env: { ADAPTER: 'fastify', FASTIFY: '{"routerOptions":{"ignoreTrailingSlash":true}}' },
    ignoresTrailingSlash: true,
    onEveryNode: false,
  },
];

/** @type {import('./consumer.mjs').Consumer[]} */
const CONSUMERS = [
  {
    name: 'nest-12-esm',
    sources: 'esm',
    type: 'module',
    dependencies: {
      '@nestjs/common': '12.5.1',
      '@nestjs/core': '12.5.1',
      '@nestjs/microservices': '12.1.1',
      '@nestjs/platform-express': '12.5.1',
      '@nestjs/platform-fastify': '12.5.0',
      // The declarations of Nest's Express adapter import it.
      '@types/express': '5.0.6',
      '@types/node': '20.19.43',
      'reflect-metadata': '0.2.2',
      rxjs: '7.8.2',
      typescript: '6.0.3',
    },
    compilations: ESM_COMPILATIONS,
    starts: [...STARTS, ...SLASH_STARTS],
    withoutHttp: true,
    reloads: 'built/main.js',
  },
  {
    name: 'nest-12-commonjs',
    sources: 'commonjs',
    type: 'commonjs',
    dependencies: {
      '@nestjs/common': '12.5.1',
      '@nestjs/core': '12.5.1',
      '@nestjs/platform-express': '12.5.1',
      '@nestjs/platform-fastify': '12.5.0',
      '@types/express': '5.0.6',
      '@types/node': '20.19.43',
      'reflect-metadata': '0.2.2',
      rxjs: '7.8.2',
      typescript: '5.9.3',
    },
    starts: COMMONJS_STARTS,
  },
  {
    name: 'nest-11-commonjs',
    sources: 'commonjs',
    type: 'commonjs',
    dependencies: {
      '@nestjs/common': '11.2.10',
      '@nestjs/core': '11.2.10',
      '@nestjs/microservices': '11.2.6',
      '@nestjs/platform-express': '11.2.10',
      '@nestjs/platform-fastify': '11.2.8',
      '@nestjs/testing': '11.2.6',
      '@types/express': '5.0.6',
      '@types/node': '20.19.43',
      jest: '30.5.2',
      'reflect-metadata': '0.2.2',
      rxjs: '7.8.2',
      'ts-jest': '29.4.15',
      typescript: '5.9.3',
    },
    jest: true,
    compilations: COMMONJS_COMPILATIONS,
    withoutHttp: true,
    starts: [...COMMONJS_STARTS, ...SLASH_STARTS],
  },
  {
    name: 'nest-11-pnpm',
    manager: 'pnpm',
    sources: 'commonjs',
    type: 'commonjs',
    dependencies: {
      '@jest/globals': '30.5.2',
      '@nestjs/common': '11.2.10',
      '@nestjs/core': '11.2.10',
      '@nestjs/platform-express': '11.2.10',
      '@nestjs/platform-fastify': '11.2.8',
      '@nestjs/testing': '11.2.6',
      '@types/express': '5.0.6',
      '@types/node': '20.19.43',
      jest: '30.5.2',
      'reflect-metadata': '0.2.2',
      rxjs: '7.8.2',
      'ts-jest': '29.4.15',
      typescript: '5.9.3',
    },
    jest: true,
    forBundlers: false,
    starts: COMMONJS_STARTS.map((start) => ({ ...start, onEveryNode: false })),
  },
  {
    // The oldest of everything that the package says it works with.
    name: 'nest-11-oldest',
    sources: 'commonjs',
    type: 'commonjs',
    dependencies: {
      '@nestjs/common': '11.0.0',
      '@nestjs/core': '11.0.0',
      '@nestjs/platform-express': '11.0.0',
      '@nestjs/platform-fastify': '11.0.3',
      '@types/express': '5.0.6',
      '@types/node': '20.19.43',
      'reflect-metadata': '0.1.12',
      rxjs: '7.1.0',
      typescript: '5.9.3',
    },
    // The oldest rxjs has no types for them.
    forBundlers: false,
    starts: COMMONJS_STARTS,
  },
];

/**
 * The cells of the matrix, by name. The last ones are those that do several things at once, so that both cores have
 * something to do until the end.
 */
const CELLS = [
  ...TEMPLATES.map((template) => ({
    name: template.name,
    check: (tools) => checkTemplate(checklist, template, tools),
  })),
  ...CONSUMERS.map((consumer) => ({
    name: consumer.name,
    check: (tools) => checkConsumer(checklist, consumer, tools),
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
    await checklist.cell('the tarball', () => checkTarball(checklist, root, tarball));
    const tools = { root, tarball, folder, nodes: [CURRENT_NODE], compilers: '', pnpm: '' };
    await checklist.cell('the tools of the cells', () => installTools(tools));
    const wanted = process.argv.slice(2);
    const cells = CELLS.filter(({ name }) => wanted.length === 0 || wanted.includes(name));
    // More than there are cores: a cell waits for the registry, and for applications to end.
    const lanes = Array.from({ length: 3 }, async () => {
      for (let next = cells.shift(); next !== undefined; next = cells.shift()) {
        const { name, check } = next;
        await checklist.cell(name, () => check(tools));
      }
    });
    await Promise.all(lanes);
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
