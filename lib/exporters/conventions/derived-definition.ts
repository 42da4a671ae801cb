import type { Convention, ConventionByDomain } from '../../metrics/conventions/conventions.js';
import {
  attributesOf,
  labelOf,
  type Labels,
  prometheusName,
  prometheusType,
  type SemanticAttribute,
  type SemanticContext,
  type SemanticMetric,
  type SemanticSource,
} from '../../metrics/conventions/semantic-metric.js';
import {
  DETAILED_METRICS,
  type DetailedMetric,
  RELABELED_METRICS,
  type RelabeledMetric,
  SEMANTIC_METRICS,
} from '../../metrics/conventions/semantic-metrics.js';
import type { MetricType } from '../../metrics/naming-rules.js';
import type { MetricFamily } from '../../metrics/snapshot.js';

/** One of our metrics as the source of a derived metric. */
export interface DerivedSource {
  readonly metric: string;
  /** Returns true for the metric with the labels that this library gives it, whoever defined it. */
  readonly accepts: (family: MetricFamily) => boolean;
  /** Returns the labels of a derived series from ours. */
  readonly labelsOf: (labels: Labels) => Labels;
  readonly convert?: SemanticSource['convert'];
}

/** The definition of a metric that is derived from others when they are exposed. */
export interface DerivedDefinition {
  readonly name: string;
  /** The help; undefined for that of the source. */
  readonly help?: string;
  /** The type; undefined for that of the source. */
  readonly type?: MetricType;
  readonly labelNames: readonly string[];
  readonly sources: readonly DerivedSource[];
  /** The metrics that it replaces. */
  readonly hides: readonly string[];
  /** The semantic metric that it is, with no labels but those of its attributes. */
  readonly semantic?: SemanticMetric;
}

/** Returns the definitions of the metrics to derive, which follow the conventions of their domains. */
export function derivedDefinitions(
  conventions: ConventionByDomain,
  context: () => SemanticContext,
): DerivedDefinition[] {
  const semantic = SEMANTIC_METRICS.flatMap((metric) =>
    semanticDefinition(metric, conventions[metric.domain], context),
  );
  const replaced = new Set(semantic.flatMap(({ hides }) => hides));
  return [
    ...semantic,
    ...RELABELED_METRICS.filter(({ domain }) => conventions[domain] === 'otel').map((metric) =>
      relabeledDefinition(metric, context),
    ),
    ...DETAILED_METRICS.filter(({ metric }) => !replaced.has(metric)).map(plainDefinition),
  ];
}

function semanticDefinition(
  metric: SemanticMetric,
  convention: Convention,
  context: () => SemanticContext,
): DerivedDefinition[] {
  if (convention === 'prometheus') return [];
  const name = prometheusName(metric);
  const type = prometheusType(metric);
  const { help, sources, covers = [], keepsOwn = false } = metric;
  const attributes = attributesOf(metric);
  const labelNames = attributes.map((attribute) => labelOf(attribute.name));
  const namesake = convention === 'both' ? sources.find((source) => source.metric === name) : undefined;
  if (namesake !== undefined) {
    // One name has one set of labels: ours and the attributes together.
    if (attributes.length === 0) return [];
    const own = namesake.labelNames;
    const derived = sources.map((source) =>
      derivedSource(source, type, (labels) => ({
        ...(source.asOwn?.(labels) ?? onlyOf(labels, own)),
        ...attributeLabels(source.attributes, labels, context()),
      })),
    );
    return [
      {
        name,
        help,
        type,
        labelNames: [...new Set([...own, ...labelNames])],
        sources: derived,
        hides: [name],
      },
    ];
  }
  const derived = sources.map((source) =>
    derivedSource(source, type, (labels) => attributeLabels(source.attributes, labels, context())),
  );
  const hides = convention === 'otel' && !keepsOwn ? [...sources, ...covers].map((own) => own.metric) : [];
  return [{ name, help, type, labelNames, sources: derived, hides, semantic: metric }];
}

/** Returns the definition of a metric with its own name and the labels of the semantic conventions. */
function relabeledDefinition(
  { metric, labelNames, attributes }: RelabeledMetric,
  context: () => SemanticContext,
): DerivedDefinition {
  const kept = labelNames.filter((name) => !attributes.some(({ label }) => label === name));
  return {
    name: metric,
    labelNames: [...attributes.map(({ name }) => labelOf(name)), ...kept],
    sources: [
      {
        metric,
        accepts: (family) => hasLabels(family, labelNames),
        labelsOf: (labels) => ({
          ...onlyOf(labels, kept),
          ...attributeLabels(attributes, labels, context()),
        }),
      },
    ],
    hides: [metric],
  };
}

/** Returns the definition of a metric without the labels that only semantic attributes are read from. */
function plainDefinition({ metric, labelNames, details }: DetailedMetric): DerivedDefinition {
  return {
    name: metric,
    labelNames,
    sources: [
      {
        metric,
        accepts: (family) => hasLabels(family, [...labelNames, ...details]),
        labelsOf: (labels) => onlyOf(labels, labelNames),
      },
    ],
    hides: [metric],
  };
}

function derivedSource(
  { metric, labelNames, convert }: SemanticSource,
  type: MetricType,
  labelsOf: DerivedSource['labelsOf'],
): DerivedSource {
  const details = DETAILED_METRICS.find((detailed) => detailed.metric === metric)?.details ?? [];
  return {
    metric,
    accepts: (family) =>
      family.type === type &&
      (hasLabels(family, labelNames) || hasLabels(family, [...labelNames, ...details])),
    labelsOf,
    ...(convert && { convert }),
  };
}

function attributeLabels(
  attributes: readonly SemanticAttribute[],
  labels: Labels,
  context: SemanticContext,
): Labels {
  return Object.fromEntries(attributes.map(({ name, read }) => [labelOf(name), read(labels, context)]));
}

function onlyOf(labels: Labels, names: readonly string[]): Labels {
  return Object.fromEntries(names.map((name) => [name, labels[name] ?? '']));
}

/** Returns true if a metric has exactly these labels. */
function hasLabels({ labelNames }: MetricFamily, expected: readonly string[]): boolean {
  return labelNames.length === expected.length && expected.every((name) => labelNames.includes(name));
}
