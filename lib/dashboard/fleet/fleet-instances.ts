import { rounded } from '../rounding.js';
import { JOB } from './fleet-queries.js';
import type { FigureName, InstanceFigures, Outlier } from './outliers.js';
import type { PrometheusSeries } from './prometheus-answer.js';

/** An instance of the application, as Prometheus knows it. */
export interface FleetInstance {
  readonly name: string;
  readonly job: string;
  /** False if the last scrape failed. */
  readonly isUp: boolean;
  /** True for the process that answers. */
  readonly isThis: boolean;
  /** Start of the process, in milliseconds since the Unix epoch; undefined while it is down. */
  readonly startedAt?: number;
  readonly version?: string;
  readonly revision?: string;
  readonly nodeVersion?: string;
  readonly figures: InstanceFigures;
  /** Words about figures that are much higher than those of most instances, such as "p99 4×". */
  readonly outliers: readonly string[];
}

/** A version of the application, and the instances that have it. */
export interface FleetVersion {
  readonly version: string;
  readonly revision?: string;
  readonly instances: readonly string[];
}

type Description = Pick<FleetInstance, 'version' | 'revision' | 'nodeVersion'>;

/** The instances by name. */
export class InstanceTable {
  private readonly rows = new Map<string, Omit<FleetInstance, 'figures' | 'outliers'>>();

  constructor(
    private readonly instanceLabel: string,
    private readonly startedAt: number,
  ) {}

  /** Adds the instances that were scraped last, and those whose last scrape failed. */
  add(started: readonly PrometheusSeries[], states: readonly PrometheusSeries[]): void {
    for (const { labels, values } of states) {
      if (values[0] === 0) this.rows.set(this.nameOf(labels), { ...this.rowOf(labels), isUp: false });
    }
    for (const { labels, values } of started) {
      const row = this.rowOf(labels);
      const startedAt = Math.round((values[0] ?? NaN) * 1000);
      const isThis = Math.abs(startedAt - this.startedAt) <= 1;
      // A sample stays the last one for five minutes if the next scrape does not say that it is gone.
      const isUp = this.rows.get(row.name)?.isUp ?? true;
      this.rows.set(row.name, { ...row, isUp, isThis, startedAt });
    }
  }

  describe(builds: readonly PrometheusSeries[], runtimes: readonly PrometheusSeries[]): void {
    for (const { labels } of builds) {
      this.extend(labels, {
        ...(labels['version'] && { version: labels['version'] }),
        ...(labels['revision'] && { revision: labels['revision'] }),
      });
    }
    for (const { labels } of runtimes) {
      this.extend(labels, labels['node_version'] ? { nodeVersion: labels['node_version'] } : {});
    }
  }

  instances(figures: ReadonlyMap<string, InstanceFigures>, outliers: readonly Outlier[]): FleetInstance[] {
    return Array.from(this.rows.values(), (row) => ({
      ...row,
      figures: figures.get(row.name) ?? {},
      outliers: outliers.filter(({ instance }) => instance === row.name).map(({ text }) => text),
    })).toSorted(
      (a, b) => Number(a.isUp) - Number(b.isUp) || a.name.localeCompare(b.name, 'en', { numeric: true }),
    );
  }

  private extend(labels: Readonly<Record<string, string>>, description: Description): void {
    const name = this.nameOf(labels);
    const row = this.rows.get(name);
    if (row !== undefined) this.rows.set(name, { ...row, ...description });
  }

  private rowOf(
    labels: Readonly<Record<string, string>>,
  ): Omit<FleetInstance, 'figures' | 'outliers' | 'isUp'> {
    return { name: this.nameOf(labels), job: labels[JOB] ?? '', isThis: false };
  }

  private nameOf(labels: Readonly<Record<string, string>>): string {
    return labels[this.instanceLabel] ?? '';
  }
}

/** Returns the figures of each instance. */
export function figuresByInstance(
  answers: readonly (readonly [FigureName, readonly PrometheusSeries[]])[],
  instanceLabel: string,
): Map<string, InstanceFigures> {
  const figures = new Map<string, Partial<Record<FigureName, number>>>();
  for (const [name, series] of answers) {
    for (const { labels, values } of series) {
      const [value = NaN] = values;
      if (!Number.isFinite(value)) continue;
      const instance = labels[instanceLabel] ?? '';
      figures.set(instance, { ...figures.get(instance), [name]: rounded(value) });
    }
  }
  return figures;
}

/** Returns the versions of the instances that are up, the most frequent first. */
export function versionsOf(instances: readonly FleetInstance[]): FleetVersion[] {
  const versions = new Map<string, FleetVersion & { instances: string[] }>();
  for (const { name, version, revision, isUp } of instances) {
    if (!isUp || version === undefined) continue;
    const key = JSON.stringify([version, revision]);
    const known = versions.get(key);
    if (known === undefined) versions.set(key, { version, ...(revision && { revision }), instances: [name] });
    else known.instances.push(name);
  }
  return [...versions.values()].toSorted((a, b) => b.instances.length - a.instances.length);
}
