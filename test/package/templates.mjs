import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run, runTests } from './commands.mjs';
import { checkIntegrations } from './integrations.mjs';
import { checkNestAdd } from './nest-add.mjs';
import { checkWatch } from './watch.mjs';

const PACKAGE = 'nestjs-monitoring';

/**
 * What `nest new` of a major version makes.
 *
 * @typedef {object} Template
 * @property {string} name
 * @property {number} major the major version of the Nest CLI
 * @property {string} extension of the imports of its own files
 * @property {string} [nest] the version of Nest that the application has gone to since
 */

/** @type {readonly Template[]} */
export const TEMPLATES = [
  // Nest 10 is older than what the package works with; its template is what many applications on Nest 11 have begun with.
  { name: 'nest-new-10', major: 10, extension: '', nest: '^11.0.0' },
  { name: 'nest-new-11', major: 11, extension: '' },
  { name: 'nest-new-12', major: 12, extension: '.js' },
];

/** The packages of Nest that are of one version. */
const NEST = ['common', 'core', 'platform-express', 'testing'].map((name) => `@nestjs/${name}`);

/**
 * Does what a newcomer does, and configures nothing: an application by `nest new`, the package, and what the README
 * says: the module, a metric, an alert and a unit test.
 *
 * @param {import('./checklist.mjs').Checklist} checklist
 * @param {Template} template
 * @param {import('./consumer.mjs').Tools} tools
 */
export async function checkTemplate(checklist, { name, major, extension, nest }, { root, tarball, folder }) {
  const cwd = join(folder, name);
  const created = await checklist.check(`${name}: the Nest CLI makes an application`, async () => {
    const flags = ['--skip-git', '--skip-install', '--package-manager', 'npm', '--language', 'TypeScript'];
    await run('npx', ['--yes', '--prefer-offline', `@nestjs/cli@${major}`, 'new', name, ...flags], {
      cwd: folder,
    });
    if (nest !== undefined) moveNest(join(cwd, 'package.json'), nest);
    const quietly = ['--no-audit', '--no-fund', '--prefer-offline', '--loglevel=error'];
    await run('npm', ['install', ...quietly, `file:${tarball}`], { cwd });
  });
  if (!created) return;
  await checkNestAdd(checklist, name, cwd, extension);
  if (nest === undefined) await checkIntegrations(checklist, name, cwd, major);
  for (const [path, code] of readmeFiles(root, extension)) writeFileSync(join(cwd, path), code);
  importModules(join(cwd, 'src/app.module.ts'), extension);
  writeFileSync(join(cwd, 'src/app.module.spec.ts'), unitTest(extension));
  /** @type {readonly (readonly [what: string, command: () => Promise<string>])[]} */
  const commands = [
    ['its unit tests', () => runTests(cwd)],
    ['its end-to-end tests', () => runTests(cwd, ['run', 'test:e2e'])],
    ['its type checks and build', () => run('npm', ['run', 'build'], { cwd })],
    ['its lint rules', () => run('npm', ['run', 'lint'], { cwd })],
  ];
  for (const [what, command] of commands) {
    await checklist.check(`${name}: ${what} pass without configuration`, command);
  }
  await checkWatch(checklist, name, cwd);
}

/**
 * @param {string} path of the manifest
 * @param {string} version
 */
function moveNest(path, version) {
  const manifest = JSON.parse(readFileSync(path, 'utf8'));
  for (const dependencies of [manifest.dependencies, manifest.devDependencies]) {
    for (const name of NEST) if (name in dependencies) dependencies[name] = version;
  }
  writeFileSync(path, JSON.stringify(manifest, null, 2));
}

/**
 * The files of the application in the README, but for the root module, which the template has already.
 *
 * @param {string} root
 * @param {string} extension
 * @returns {[path: string, code: string][]}
 */
function readmeFiles(root, extension) {
  const text = readFileSync(join(root, 'README.md'), 'utf8');
  const files = [...text.matchAll(/^```ts\n\/\/ (src\/\S+)\n(.*?)^```$/gms)];
  return files
    .filter(([, path]) => path !== 'src/app.module.ts')
    .map(([, path, code]) => [path, code.replaceAll(/(from '\.[^']*)'/g, `$1${extension}'`)]);
}

/**
 * @param {string} path of the root module
 * @param {string} extension
 */
function importModules(path, extension) {
  const source = readFileSync(path, 'utf8');
  const imports = `import { MonitoringModule } from '${PACKAGE}';
import { alerting } from './alerts${extension}';
import { OrdersModule } from './orders.module${extension}';
${source}`;
  writeFileSync(
    path,
    imports.replace('imports: []', 'imports: [MonitoringModule.forRoot({ alerting }), OrdersModule]'),
  );
}

/** @param {string} extension */
function unitTest(extension) {
  return `import { Test } from '@nestjs/testing';
import { MetricsRegistry } from '${PACKAGE}';
import { createTestRegistry, expectMetric, MonitoringTestingModule } from '${PACKAGE}/testing';
import { AppModule } from './app.module${extension}';
import { AppService } from './app.service${extension}';

describe('AppModule', () => {
  it('is measured', async () => {
    const module = await Test.createTestingModule({ imports: [AppModule] }).compile();
    const app = module.createNestApplication();
    await app.listen(0, '127.0.0.1');
    const url = await app.getUrl();
    for (const path of ['', 'metrics', 'health', 'metrics-dashboard', 'metrics-dashboard/uplot.js']) {
      const response = await fetch(\`\${url}/\${path}\`);
      expect([path, response.status]).toEqual([path, 200]);
    }
    expectMetric(app.get(MetricsRegistry), 'http_requests_total', { route: '/' }).toHaveIncreasedBy(1);
    await fetch(\`\${url}/orders/web\`, { method: 'POST' });
    expectMetric(app.get(MetricsRegistry), 'orders_placed_total', { channel: 'web' }).toHaveIncreasedBy(1);
    await app.close();
  });

  it('has providers that are tested alone', async () => {
    const { registry, clock } = createTestRegistry();
    const module = await Test.createTestingModule({
      imports: [MonitoringTestingModule.forRoot({ registry, clock })],
      providers: [AppService],
    }).compile();
    expect(module.get(AppService).getHello()).toBe('Hello World!');
    await module.close();
  });
});
`;
}
