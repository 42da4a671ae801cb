import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Ajv } from 'ajv';
import { ROOT } from '../documents/documents.js';

interface Bom {
  readonly metadata: { readonly component: { readonly name: string; readonly version: string } };
  readonly components: readonly {
    readonly group?: string;
    readonly name: string;
    readonly version: string;
    readonly 'bom-ref': string;
  }[];
  readonly dependencies: readonly { readonly ref: string; readonly dependsOn: readonly string[] }[];
}

const readJson = (path: string): unknown => JSON.parse(readFileSync(path, 'utf8'));
const manifest = readJson(join(ROOT, 'package.json')) as Readonly<Record<string, Record<string, string>>> & {
  readonly name: string;
  readonly version: string;
};

function run(script: string, cwd: string, ...args: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(ROOT, 'release', script), ...args], {
    cwd,
    encoding: 'utf8',
  });
  return { status, stdout, stderr };
}

/** The published schema of CycloneDX 1.5. */
function bomValidator() {
  const library = createRequire(import.meta.url).resolve('@cyclonedx/cyclonedx-library/package.json');
  const schema = (name: string) =>
    readJson(join(dirname(library), 'res/schema', `${name}.SNAPSHOT.schema.json`)) as object;
  // The formats are of addresses, which the bill has none of but in its purls.
  const ajv = new Ajv({ strict: false, validateFormats: false, allErrors: true });
  for (const name of ['spdx', 'jsf-0.82']) {
    ajv.addSchema(schema(name), `http://cyclonedx.org/schema/${name}.SNAPSHOT.schema.json`);
  }
  return ajv.compile(schema('bom-1.5'));
}

describe('the bill of materials', () => {
  const bom = JSON.parse(run('sbom.mjs', ROOT).stdout) as Bom;

  it('is valid CycloneDX 1.5', () => {
    const validate = bomValidator();
    expect(validate(bom) ? [] : validate.errors).toEqual([]);
    expect(validate({ ...bom, specVersion: 15 })).toBe(false);
  });

  it('names the package and what npm installs with it, and nothing else', () => {
    expect(bom.metadata.component).toMatchObject({ name: manifest.name, version: manifest.version });
    const listed = JSON.parse(
      execFileSync('npm', ['ls', '--omit=dev', '--omit=peer', '--all', '--json', '--package-lock-only'], {
        cwd: ROOT,
        encoding: 'utf8',
      }),
    ) as { readonly dependencies: Readonly<Record<string, { readonly version: string }>> };
    const installed = Object.keys(manifest['dependencies'] ?? {}).map(
      (name) => `${name}@${listed.dependencies[name]?.version}`,
    );
    expect(bom.components.map(({ name, version }) => `${name}@${version}`)).toEqual(installed.toSorted());
  });

  it('says what needs what, by references that exist', () => {
    const references = bom.components.map((each) => each['bom-ref']);
    const [own, ...others] = bom.dependencies;
    expect(own?.dependsOn).toEqual(references);
    expect(others.map(({ ref }) => ref)).toEqual(references);
  });

  it('is the same each time', () => {
    expect(JSON.parse(run('sbom.mjs', ROOT).stdout)).toEqual(bom);
  });
});

describe('the licences', () => {
  it('of all dependencies and peers are known, and their texts are those that are packed', () => {
    expect(run('licenses.mjs', ROOT)).toMatchObject({ status: 0, stderr: '' });
  });
});

describe('in a project of another kind,', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'release-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const write = (path: string, content: unknown) => {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), typeof content === 'string' ? content : JSON.stringify(content));
  };

  /** A project with a dependency that needs another one, and with a peer. */
  function writeProject(license: string | undefined) {
    const own = { name: '@scope/own', version: '2.0.0', license: 'MIT' };
    write('package.json', { ...own, dependencies: { '@scope/first': '1' }, peerDependencies: { peer: '1' } });
    const integrity = `sha512-${Buffer.alloc(64, 1).toString('base64')}`;
    write('package-lock.json', {
      packages: {
        '': own,
        'node_modules/@scope/first': {
          version: '1.0.0',
          license: '(MIT OR GPL-3.0)',
          integrity,
          dependencies: { second: '1' },
          optionalDependencies: { 'of-another-platform': '1' },
        },
        'node_modules/second': { version: '0.9.0', license: 'MIT', integrity },
        'node_modules/@scope/first/node_modules/second': { version: '1.0.0', license: 'ISC', integrity },
        'node_modules/peer': { version: '1.0.0', license: 'MIT', integrity, dependencies: { deep: '1' } },
        'node_modules/deep': { version: '1.0.0', license, integrity },
        'node_modules/developed-with': { version: '1.0.0', license: 'GPL-3.0', dev: true },
      },
    });
    for (const path of ['@scope/first', '@scope/first/node_modules/second']) {
      write(`node_modules/${path}/LICENSE`, 'May be used.');
    }
  }

  it.each([['GPL-3.0'], ['(MIT AND GPL-3.0)'], ['SEE LICENSE IN EULA'], [undefined]])(
    'a package that a peer needs and that has the licence %s is named',
    (license) => {
      writeProject(license);
      run('licenses.mjs', folder, '--write');
      const { status, stderr } = run('licenses.mjs', folder);
      expect(status).toBe(1);
      expect(stderr).toBe(`deep@1.0.0 has the licence ${license}, which is not among the accepted ones.\n`);
    },
  );

  it('texts of licences that are old are named', () => {
    writeProject('MIT');
    run('licenses.mjs', folder, '--write');
    expect(run('licenses.mjs', folder).status).toBe(0);
    write('node_modules/@scope/first/LICENSE', 'May be used by all.');
    expect(run('licenses.mjs', folder).stderr).toContain('THIRD-PARTY-LICENSES.md is old');
  });

  it('the bill has the nested package rather than that of the same name above it', () => {
    writeProject('MIT');
    const bom = JSON.parse(run('sbom.mjs', folder).stdout) as Bom;
    expect(bomValidator()(bom)).toBe(true);
    expect(bom.components.map(({ group, name, version }) => [group, name, version])).toEqual([
      ['@scope', 'first', '1.0.0'],
      [undefined, 'second', '1.0.0'],
    ]);
    expect(bom.dependencies).toEqual([
      { ref: 'pkg:npm/%40scope/own@2.0.0', dependsOn: ['pkg:npm/%40scope/first@1.0.0'] },
      { ref: 'pkg:npm/%40scope/first@1.0.0', dependsOn: ['pkg:npm/second@1.0.0'] },
      { ref: 'pkg:npm/second@1.0.0', dependsOn: [] },
    ]);
  });

  it('a release needs its tag, its section of the changelog and its addresses', () => {
    const addresses = (host: string) => ({
      version: '1.0.0',
      homepage: `https://${host}/own`,
      bugs: { url: `https://${host}/own/issues` },
      repository: { url: `git+https://${host}/own.git` },
    });
    write('package.json', addresses('example.com'));
    write('CHANGELOG.md', '# Changelog\n\n## [Unreleased]\n\n### Added\n\n- More.\n');
    const refused = run('check-version.mjs', folder, 'v1.0.1');
    expect(refused.status).toBe(1);
    expect(refused.stderr.trim().split('\n')).toHaveLength(6);
    write('package.json', addresses('example.org'));
    write(
      'CHANGELOG.md',
      '# Changelog\n\n## [Unreleased]\n\n## [1.0.0] - 2026-12-01\n\n### Added\n\n- All.\n',
    );
    expect(run('check-version.mjs', folder, 'v1.0.0')).toEqual({ status: 0, stdout: '', stderr: '' });
  });
});
