import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import {
  MetricsRegistry,
  MonitoringModule,
  type MonitoringOptions,
  PrometheusExporter,
} from 'nestjs-monitoring';
import { Test } from '@nestjs/testing';
import { applicationBuild } from '../../../lib/collectors/app-info/application-build.js';
import { BuildInfoCollector } from '../../../lib/collectors/app-info/build-info.collector.js';

const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };

describe('the build info of the application', () => {
  let folder = '';
  let packageFile = '';

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'nestjs-monitoring-build-'));
    packageFile = join(folder, 'package.json');
    await writeFile(packageFile, '{"name":"orders","version":"2.1.0","private":true}');
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it('prefers the options to the package file, and that to the package manager and the platform', () => {
    const environment = {
      npm_package_name: 'monorepo',
      npm_package_version: '0.0.1',
      GIT_COMMIT: 'a1b2c3d',
      K_REVISION: 'orders-00042-xyz',
    };
    expect(applicationBuild({}, environment)).toEqual({
      name: 'monorepo',
      version: '0.0.1',
      revision: 'a1b2c3d',
    });
    expect(applicationBuild({ packageFile }, environment)).toEqual({
      name: 'orders',
      version: '2.1.0',
      revision: 'a1b2c3d',
    });
    expect(applicationBuild({ packageFile, name: 'shop', revision: 'r7' }, environment)).toEqual({
      name: 'shop',
      version: '2.1.0',
      revision: 'r7',
    });
    expect(applicationBuild({}, { K_REVISION: 'orders-00042-xyz', GIT_COMMIT: '' })).toEqual({
      revision: 'orders-00042-xyz',
    });
  });

  it('is empty if nothing is known', async () => {
    expect(applicationBuild({}, {})).toEqual({});
    const bare = join(folder, 'bare.json');
    await writeFile(bare, '{"private":true,"version":7}');
    // Not the name of whatever the package manager happened to run.
    expect(applicationBuild({ packageFile: bare }, { npm_package_name: 'monorepo' })).toEqual({});
    const registry = new MetricsRegistry();
    const collector = new BuildInfoCollector(registry, {});
    collector.collect();
    const text = await new PrometheusExporter(registry).generateText();
    expect(text).not.toContain('application_build_info');
    expect(text).toContain(
      `monitoring_build_info{version="${version}",node_version="${process.version}"} 1\n`,
    );
  });

  it('throws if the package file cannot be read', () => {
    expect(() => applicationBuild({ packageFile: join(folder, 'none.json') }, {})).toThrow(
      /^`collectors.build.packageFile` must be the path of a package.json, relative to .*; got ".*ENOENT/,
    );
  });
});

describe('the build info metrics of an application', () => {
  const closing: (() => Promise<void>)[] = [];

  afterEach(async () => {
    for (const close of closing.splice(0)) await close();
  });

  async function exposed(options: MonitoringOptions): Promise<string> {
    const testing = await Test.createTestingModule({
      imports: [MonitoringModule.forRoot(options)],
    }).compile();
    const app = await testing.createNestApplication({ logger: false }).init();
    closing.push(() => app.close());
    const registry = app.get(MetricsRegistry);
    await registry.collect();
    return new PrometheusExporter(registry).generateText();
  }

  it('are always 1, with the known values as labels', async () => {
    const text = await exposed({
      collectors: { build: { name: 'orders', version: '2.1.0', revision: 'a"b' } },
    });
    expect(text).toContain('application_build_info{name="orders",version="2.1.0",revision="a\\"b"} 1\n');
    expect(text).toContain(`monitoring_build_info{version="${version}"`);
    expect(text).toContain('monitoring_collector_success{collector="build_info"} 1\n');
  });

  it('are absent if disabled', async () => {
    expect(await exposed({ collectors: { build: false } })).not.toContain('_build_info');
  });

  it('rejects options that are not strings', async () => {
    await expect(exposed({ collectors: { build: { version: 2 } as never } })).rejects.toThrow(
      '`collectors.build.version` must be a non-empty string; got 2.',
    );
    await expect(exposed({ collectors: { build: { revision: '' } } })).rejects.toThrow('got the string ""');
  });
});
