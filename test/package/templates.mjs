import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from './commands.mjs';
import { checkIntegrations } from './integrations.mjs';
import { checkNestAdd } from './nest-add.mjs';

const PACKAGE = 'nestjs-monitoring';

/**
 * What `nest new` of a major version makes.
 *
 * @typedef {object} Template
 * @property {number} major the major version of the Nest CLI
 * @property {string} extension of the imports of its own files
 */

/** @type {readonly Template[]} */
export const TEMPLATES = [
  { major: 11, extension: '' },
  { major: 12, extension: '.js' },
];

/**
 * Does what a newcomer does, and configures nothing: an application by `nest new`, the package, one import, a unit test.
 *
 * @param {import('./checklist.mjs').Checklist} checklist
 * @param {Template} template
 * @param {string} tarball
 * @param {string} folder where to put the application
 */
export async function checkTemplate(checklist, { major, extension }, tarball, folder) {
  const name = `nest-new-${major}`;
  const cwd = join(folder, name);
  mkdirSync(folder, { recursive: true });
  const created = await checklist.check(`${name}: the Nest CLI makes an application`, async () => {
    const flags = ['--skip-git', '--skip-install', '--package-manager', 'npm', '--language', 'TypeScript'];
    await run('npx', ['--yes', `@nestjs/cli@${major}`, 'new', name, ...flags], { cwd: folder });
    await run('npm', ['install', '--no-audit', '--no-fund', '--loglevel=error', `file:${tarball}`], { cwd });
  });
  if (!created) return;
  await checkNestAdd(checklist, name, cwd, extension);
  await checkIntegrations(checklist, name, cwd, major);
  importModule(join(cwd, 'src/app.module.ts'));
  writeFileSync(join(cwd, 'src/app.module.spec.ts'), unitTest(extension));
  /** @type {readonly (readonly [what: string, args: readonly string[]])[]} */
  const commands = [
    ['its unit tests', ['test']],
    ['its end-to-end tests', ['run', 'test:e2e']],
    ['its type checks and build', ['run', 'build']],
  ];
  for (const [what, args] of commands) {
    await checklist.check(`${name}: ${what} pass without configuration`, () => run('npm', args, { cwd }));
  }
}

/** @param {string} path of the root module */
function importModule(path) {
  const source = readFileSync(path, 'utf8');
  const imports = `import { MonitoringModule } from '${PACKAGE}';\n${source}`;
  writeFileSync(path, imports.replace('imports: []', 'imports: [MonitoringModule.forRoot()]'));
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
