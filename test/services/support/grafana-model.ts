import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ROOT } from './built.js';

/** Where the dashboards of the sample application are. */
export const DASHBOARDS = join(ROOT, 'sample-app/deploy/grafana/dashboards');

export interface Target {
  readonly refId: string;
  readonly expr: string;
  readonly legendFormat?: string;
  readonly format?: string;
  readonly instant?: boolean;
}

export interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly description?: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly targets?: readonly Target[];
}

export interface Annotation {
  readonly name: string;
  readonly expr: string;
  readonly textFormat: string;
  readonly target: Target;
}

export interface Dashboard {
  readonly title: string;
  readonly uid: string;
  readonly panels: readonly Panel[];
  readonly annotations: { readonly list: readonly Annotation[] };
  readonly templating: { readonly list: readonly { readonly name: string; readonly query: string }[] };
}

/** A query of a panel, and what it says where. */
export interface AskedQuery {
  readonly where: string;
  readonly expr: string;
  readonly legend: string;
  readonly isHeatmap: boolean;
}

/** The dashboards that are committed, by file name. */
export async function committedDashboards(): Promise<Record<string, Dashboard>> {
  const files = (await readdir(DASHBOARDS)).toSorted();
  const read = files.map(async (file) => [
    file.replace(/\.json$/, ''),
    JSON.parse(await readFile(join(DASHBOARDS, file), 'utf8')) as Dashboard,
  ]);
  return Object.fromEntries(await Promise.all(read)) as Record<string, Dashboard>;
}

/** The panels without the titles of rows. */
export function chartsOf({ panels }: Dashboard): Panel[] {
  return panels.filter(({ type }) => type !== 'row');
}

/** The queries of the panels. */
export function queriesOf(dashboard: Dashboard): AskedQuery[] {
  return chartsOf(dashboard).flatMap(({ title, targets = [] }) =>
    targets.map(({ refId, expr, legendFormat = '', format }) => ({
      where: `${dashboard.title}: ${title} ${refId}`,
      expr,
      legend: legendFormat,
      isHeatmap: format === 'heatmap',
    })),
  );
}

/** What Grafana would ask of some jobs. @param job a regular expression */
export function asked(expr: string, job = '.*'): string {
  return expr
    .replaceAll('$__rate_interval', '30s')
    .replaceAll('$__range', '1m')
    .replaceAll('$job', job)
    .replaceAll(/\$(instance|route)\b/g, '.*');
}
