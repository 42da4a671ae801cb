import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { findPackage } from '../../lib/primitives/optional-package.js';
import { loadWithoutImportMeta } from '../support/without-import-meta.js';

describe('findPackage', () => {
  it('imports an installed package, or a part of one', async () => {
    const { createTransport } = (await findPackage<typeof import('nodemailer')>('nodemailer')) ?? {};
    expect(typeof createTransport).toBe('function');
    expect(await findPackage('@grafana/grafana-foundation-sdk/dashboard')).toHaveProperty('DashboardBuilder');
  });

  it.each([
    'not-installed-anywhere',
    '@not-installed/anywhere',
    '@not-installed/anywhere/part',
    'nowhere/part',
  ])('returns undefined for %s, which is not installed', async (name) => {
    expect(await findPackage(name)).toBeUndefined();
  });

  it('passes on the error of a package that is installed and cannot be loaded', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'optional-package-'));
    try {
      mkdirSync(join(folder, 'broken'));
      writeFileSync(join(folder, 'broken/index.mjs'), "import 'missing-dependency-of-it';");
      const { href } = pathToFileURL(join(folder, 'broken/index.mjs'));
      await expect(findPackage(href)).rejects.toThrow('missing-dependency-of-it');
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe('requirePackage', () => {
  it('finds packages from a bundle in CommonJS, which has no import.meta', () => {
    const path = join(import.meta.dirname, '../../lib/primitives/optional-package.ts');
    const { requirePackage } =
      loadWithoutImportMeta<typeof import('../../lib/primitives/optional-package.js')>(path);
    expect(requirePackage('@opentelemetry/api')).toHaveProperty('metrics');
    expect(requirePackage('not-installed-anywhere')).toBeUndefined();
  });
});
