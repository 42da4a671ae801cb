import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { ROOT } from '../documents/documents.js';

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly scripts: Readonly<Record<string, string>>;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
}

const SOURCES = join(ROOT, 'sample-app/src');
/** The package of an import. */
const PACKAGE = /(?:from|import|import\() ?'((?:@[\w-]+\/)?\w[\w.-]*)/g;

const manifestAt = (path: string) => JSON.parse(readFileSync(join(ROOT, path), 'utf8')) as Manifest;
const repository = manifestAt('package.json');
const standalone = manifestAt('sample-app/standalone/package.json');
const installed = { ...standalone.dependencies, ...standalone.devDependencies };

describe('the sample application as a project of its own', () => {
  it('installs every package that it imports', () => {
    const imported = readdirSync(SOURCES, { recursive: true, encoding: 'utf8' })
      .filter((path) => path.endsWith('.ts'))
      .flatMap((path) => [...readFileSync(join(SOURCES, path), 'utf8').matchAll(PACKAGE)])
      .map(([, name = '']) => name)
      .filter((name) => !isBuiltin(name) && name !== 'node');
    expect(imported).toContain('@nestjs/common');
    for (const name of imported) expect(Object.keys(installed)).toContain(name);
  });

  it('copies its sources once, and anew after a copy that was interrupted', () => {
    const folder = mkdtempSync(join(tmpdir(), 'standalone-'));
    try {
      const [, script = ''] = /^node -e "([^"]+)"/.exec(standalone.scripts['build'] ?? '') ?? [];
      const build = () => execFileSync(process.execPath, ['-e', script], { cwd: join(folder, 'own') });
      const main = join(folder, 'own/src/main.ts');
      for (const path of ['src', 'own/src.tmp']) mkdirSync(join(folder, path), { recursive: true });
      writeFileSync(join(folder, 'src/main.ts'), 'whole');
      writeFileSync(join(folder, 'own/src.tmp/main.ts'), 'half');
      writeFileSync(join(folder, 'own/src.tmp/gone.ts'), 'half');
      build();
      expect(readFileSync(main, 'utf8')).toBe('whole');
      expect(readdirSync(join(folder, 'own'))).toEqual(['src']);
      expect(readdirSync(join(folder, 'own/src'))).toEqual(['main.ts']);
      writeFileSync(main, 'yours');
      build();
      expect(readFileSync(main, 'utf8')).toBe('yours');
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('has the versions that are tested here, and this version of the library', () => {
    const { [repository.name]: library, ...others } = installed;
    expect(library).toBe(`^${repository.version}`);
    expect(repository.devDependencies).toMatchObject(others);
  });
});
