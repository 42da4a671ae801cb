import { readdirSync, readFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { ROOT } from '../documents/documents.js';

interface Manifest {
  readonly name: string;
  readonly version: string;
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

  it('has the versions that are tested here, and this version of the library', () => {
    const { [repository.name]: library, ...others } = installed;
    expect(library).toBe(`^${repository.version}`);
    expect(repository.devDependencies).toMatchObject(others);
  });
});
