import { equal, match } from 'node:assert/strict';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run, runTests } from './commands.mjs';

/** The package is installed from the tarball, not from a registry. */
const NEST_ADD = ['nest', 'add', 'nestjs-monitoring', '--skip-install'];

/**
 * Checks what `nest add` makes of an application by `nest new`, and leaves the application as it was.
 *
 * @param {import('./checklist.mjs').Checklist} checklist
 * @param {string} name
 * @param {string} cwd
 * @param {string} extension of the imports of its own files
 */
export async function checkNestAdd(checklist, name, cwd, extension) {
  const path = join(cwd, 'src/app.module.ts');
  const spec = join(cwd, 'src/nest-add.spec.ts');
  const source = readFileSync(path, 'utf8');
  await checklist.check(
    `${name}: nest add imports the module, and changes nothing the second time`,
    async () => {
      await run('npx', NEST_ADD, { cwd });
      const added = readFileSync(path, 'utf8');
      match(added, /^import \{ MonitoringModule \} from 'nestjs-monitoring';$/m);
      equal(
        added.replace(/^import \{ MonitoringModule \}.*\n/m, '').replace('MonitoringModule.forRoot()', ''),
        source,
      );
      await run('npx', NEST_ADD, { cwd });
      equal(readFileSync(path, 'utf8'), added);
    },
  );
  await checklist.check(
    `${name}: it builds after nest add, passes its tests and serves /metrics`,
    async () => {
      // What the end-to-end test of the template does, and more.
      writeFileSync(spec, specOf(extension));
      await run('npm', ['run', 'build'], { cwd });
      await runTests(cwd);
    },
  );
  rmSync(spec, { force: true });
  writeFileSync(path, source);
}

/** @param {string} extension */
function specOf(extension) {
  return `import { Test } from '@nestjs/testing';
import { AppModule } from './app.module${extension}';

describe('an application after nest add', () => {
  it('serves /metrics', async () => {
    const module = await Test.createTestingModule({ imports: [AppModule] }).compile();
    const app = module.createNestApplication();
    await app.listen(0, '127.0.0.1');
    const url = await app.getUrl();
    expect(await (await fetch(url)).text()).toBe('Hello World!');
    expect(await (await fetch(\`\${url}/metrics\`)).text()).toMatch(/^http_requests_total\\{.*route="\\/".* 1$/m);
    await app.close();
  });
});
`;
}
