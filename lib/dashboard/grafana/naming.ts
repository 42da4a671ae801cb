import { LIBRARY_METRIC_NAMES } from '../../metrics/library-metric-names.js';
import type { ConventionalNames } from '../../query/conventional-names.js';
import { conventionalLabel, conventionalQuery, renamedLabels, SELECTOR } from './conventional-query.js';
import type { GrafanaQuery } from './grafana-dashboard.js';
import { type HistogramKind, histogramQuery } from './histogram-query.js';

/** The naming of the metrics in the target Prometheus. */
export interface Naming {
  /** Names of our metrics. */
  readonly names: ConventionalNames;
  /** Prefix of all metric names. */
  readonly prefix: string;
  /** Label of the application. */
  readonly jobLabel: string;
  /** Label of the process. */
  readonly instanceLabel: string;
  /** Label matchers added to every selector, such as `env="production"`. */
  readonly matchers: string;
  /** Returns what a label of a metric is called, which may be that of a label of the target. */
  readonly exported: (label: string) => string;
  /** Kind of histograms. */
  readonly histograms: HistogramKind;
}

/** The lists of labels in PromQL. */
const LABEL_LIST = /\b(by|on) \(([^()]*)\)/g;
/** The two labels of a `label_replace()`, with the replacement between them. */
const REPLACED_LABELS = /, "(\w+)", ("[^"]*"), "(\w+)", (?=")/g;
/** A label of a metric that has the name of a label of the target: in our queries, `job` and `instance` are the target's. */
const OF_METRIC = /^exported_(job|instance)$/;

/** Returns the queries of Prometheus for one of ours: limited to the selected jobs and instances, with its names. */
export function targetQuery(own: GrafanaQuery, naming: Naming): GrafanaQuery {
  const { expr, legend } = conventionalQuery(own, naming.names);
  const read = histogramQuery(expr, naming.histograms, isHistogram(naming.names));
  return {
    expr: withSelection(read, naming),
    legend: legend.replaceAll(/\{\{(\w+)\}\}/g, (_, label: string) => `{{${targetLabel(label, naming)}}}`),
  };
}

/** Returns the name of a label of a query's results. */
export function labelOf(label: string, expr: string, naming: Naming): string {
  return targetLabel(conventionalLabel(expr, naming.names)(label), naming);
}

function targetLabel(label: string, { jobLabel, instanceLabel, exported }: Naming): string {
  if (label === 'job') return jobLabel;
  if (label === 'instance') return instanceLabel;
  return exported(OF_METRIC.exec(label)?.[1] ?? label);
}

/** Every metric of the library whose parts the dashboards read is a histogram. */
function isHistogram(names: ConventionalNames): (metric: string) => boolean {
  return (metric) => LIBRARY_METRIC_NAMES.has(metric) || names.isHistogram(metric);
}

function withSelection(expr: string, naming: Naming): string {
  const { prefix, jobLabel, instanceLabel, matchers } = naming;
  const selection = [`${jobLabel}=~"$job"`, `${instanceLabel}=~"$instance"`, matchers].filter(Boolean);
  const nameOf = (label: string): string => targetLabel(label, naming);
  return expr
    .replaceAll(SELECTOR, (_, name: string, own: string) => {
      const all = [...selection, renamedLabels(own, nameOf)].filter(Boolean).join(', ');
      return `${prefix}${name}{${all}}`;
    })
    .replaceAll(LABEL_LIST, (_, keyword: string, labels: string) => {
      const renamed = labels.split(',').map((label) => nameOf(label.trim()));
      return `${keyword} (${renamed.join(', ')})`;
    })
    .replaceAll(
      REPLACED_LABELS,
      (_, to: string, text: string, from: string) => `, "${nameOf(to)}", ${text}, "${nameOf(from)}", `,
    );
}
