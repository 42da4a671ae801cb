import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { MetricsRegistry } from 'nestjs-monitoring';
import { grafanaDashboards } from 'nestjs-monitoring/grafana';
import { expectThat } from '../support/expectations.js';
import { describeWith } from './support/binaries.js';
import { buildSampleApp, ROOT } from './support/built.js';
import { type PrometheusSample, PrometheusServer } from './support/prometheus.server.js';
import { SampleAppServer } from './support/sample-app.server.js';

const RULES = join(ROOT, 'sample-app/deploy/rules.yml');
const FOLDER = join(ROOT, 'sample-app/deploy/grafana/dashboards');

interface Target {
  readonly expr: string;
}

interface Panel {
  readonly type: string;
  readonly title: string;
  readonly description?: string;
  readonly targets?: readonly Target[];
  /** Those of a row. */
  readonly panels?: readonly Panel[];
}

interface Dashboard {
  readonly title: string;
  readonly uid: string;
  readonly panels: readonly Panel[];
  readonly templating: { readonly list: readonly { readonly name: string }[] };
}

/** What Grafana would ask if everything was chosen. */
function asked(expr: string): string {
  return expr.replaceAll('$__rate_interval', '10s').replaceAll(/\$(job|instance|route)\b/g, '.*');
}

function panelsOf({ panels }: Dashboard): Panel[] {
  return panels.flatMap((panel) => (panel.type === 'row' ? (panel.panels ?? []) : [panel]));
}

async function committed(): Promise<Map<string, Dashboard>> {
  const files = (await readdir(FOLDER)).toSorted();
  const dashboards = files.map(async (file): Promise<[string, Dashboard]> => {
    const text = await readFile(join(FOLDER, file), 'utf8');
    return [file.replace(/\.json$/, ''), JSON.parse(text) as Dashboard];
  });
  return new Map(await Promise.all(dashboards));
}

describe('the Grafana dashboards', () => {
  it('explain every panel, and are told apart by their uid', async () => {
    const dashboards = [...(await committed()).values()];
    expect(dashboards).toHaveLength(6);
    expect(new Set(dashboards.map(({ uid }) => uid)).size).toBe(6);
    for (const dashboard of dashboards) {
      expect(dashboard.templating.list.map(({ name }) => name)).toEqual(
        expect.arrayContaining(['datasource', 'job', 'instance']),
      );
      for (const { title, description } of panelsOf(dashboard)) {
        expectThat(description, `${dashboard.title}: ${title}`).toBeTruthy();
      }
    }
  });

  it('are made for other names and labels too', async () => {
    const dashboards = await grafanaDashboards(new MetricsRegistry(), {
      prefix: 'shop_',
      jobLabel: 'service',
      instanceLabel: 'pod',
      matchers: 'env="production"',
    });
    const text = JSON.stringify(dashboards['runtime']);
    expect(text).toContain(
      'shop_process_resident_memory_bytes{service=~\\"$job\\", pod=~\\"$instance\\", env=\\"production\\"}',
    );
    expect(text).toContain('{{pod}} RSS');
  });
});

describeWith(['promtool', 'amtool'], 'the configurations for Prometheus and Alertmanager', () => {
  it.each([
    ['promtool', ['check', 'config', 'prometheus.yml']],
    ['promtool', ['check', 'rules', 'rules.yml']],
    ['amtool', ['check-config', 'alertmanager.yml']],
  ] as const)('are what they read: %s %s', async (program, args) => {
    const { stdout } = await promisify(execFile)(program, args, { cwd: join(ROOT, 'sample-app/deploy') });
    expect(stdout).toContain('SUCCESS');
  });
});

describeWith(['prometheus'], 'the Grafana dashboards on a real Prometheus', () => {
  const stops: (() => Promise<void>)[] = [];
  let prometheus: PrometheusServer;

  beforeAll(async () => {
    await buildSampleApp();
    const app = await SampleAppServer.start('express');
    stops.unshift(() => app.stop());
    prometheus = await PrometheusServer.start([{ job: 'enterprise-land', url: `${app.url}/metrics` }]);
    stops.unshift(() => prometheus.stop());
    await prometheus.untilScraped();
    await app.load({ seconds: 20, seed: 3 });
  }, 240_000);

  afterAll(async () => {
    for (const stop of stops) await stop();
  });

  it('are what the sample application makes of itself: npm run deploy-files', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'nestjs-monitoring-grafana-'));
    await promisify(execFile)(process.execPath, ['sample-app/dist/deploy-files.js', folder], { cwd: ROOT });
    expect(await readFile(join(folder, 'rules.yml'), 'utf8')).toBe(await readFile(RULES, 'utf8'));
    for (const file of await readdir(FOLDER)) {
      expectThat(await readFile(join(folder, 'grafana/dashboards', file), 'utf8'), file).toBe(
        await readFile(join(FOLDER, file), 'utf8'),
      );
    }
    await rm(folder, { recursive: true });
  });

  it('draw data in every panel', async () => {
    const dashboards = [...(await committed()).values()];
    const empty: string[] = [];
    for (const dashboard of dashboards) {
      for (const { title, targets = [] } of panelsOf(dashboard)) {
        const answers: PrometheusSample[] = [];
        for (const { expr } of targets) {
          // Of the time of the load, which is over.
          answers.push(...(await prometheus.query(`max_over_time((${asked(expr)})[5m:1s])`)));
        }
        if (!answers.some(({ value }) => Number.isFinite(value))) empty.push(`${dashboard.title}: ${title}`);
      }
    }
    expect(empty).toEqual([]);
  }, 120_000);
});
