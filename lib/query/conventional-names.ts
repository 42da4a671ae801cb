import type { ConventionByDomain } from '../metrics/conventions/conventions.js';
import {
  attributesOf,
  labelOf,
  prometheusName,
  type SemanticAttribute,
  type SemanticMetric,
} from '../metrics/conventions/semantic-metric.js';
import {
  DETAILED_METRICS,
  RELABELED_METRICS,
  SEMANTIC_METRICS,
} from '../metrics/conventions/semantic-metrics.js';
import type { MetricFamily } from '../metrics/snapshot.js';
import { type Expression, type Selection, selectionsOf } from './expression.js';
import type { LabelMatcher, LabelMatchers, LabelPattern } from './label-matchers.js';
import { mapExpression } from './map-expression.js';

/** The name of one of our metrics in Prometheus, with its labels there. */
export interface ConventionalName {
  readonly metric: string;
  /** The part of a histogram that counts the same events as our counter. */
  readonly part?: 'count';
  /** The attributes by the label that each replaces; the first one is what it becomes in `by` and in texts. */
  readonly labels: ReadonlyMap<string, readonly RenamedLabel[]>;
  /** Matchers that select the same events. */
  readonly matchers: LabelMatchers;
}

interface RenamedLabel {
  readonly name: string;
  readonly valueOf: (value: string) => string;
}

/** The names in Prometheus of our metrics, by which queries over them are written. */
export class ConventionalNames {
  private readonly names: ReadonlyMap<string, ConventionalName>;
  private readonly histograms: ReadonlySet<string>;

  constructor(conventions: ConventionByDomain) {
    const semantic = SEMANTIC_METRICS.filter(
      ({ domain, keepsOwn }) => conventions[domain] === 'otel' && keepsOwn !== true,
    );
    this.histograms = new Set(
      semantic.filter(({ instrument }) => instrument === 'histogram').map(prometheusName),
    );
    const renamed = semantic.flatMap(namesOf);
    const relabeled = RELABELED_METRICS.filter(({ domain }) => conventions[domain] === 'otel').map(
      ({ metric, attributes }) =>
        [metric, { metric, labels: renamedLabels(attributes), matchers: {} }] as const,
    );
    this.names = new Map<string, ConventionalName>([...renamed, ...relabeled]);
  }

  /** Returns the name of one of our metrics; undefined if it is the same. */
  of(metric: string): ConventionalName | undefined {
    return this.names.get(metric);
  }

  /** Returns true if a metric with a name in Prometheus that replaces one of ours is a histogram. */
  isHistogram(metric: string): boolean {
    return this.histograms.has(metric);
  }

  /** Returns an expression over our metrics as one over those that Prometheus has. */
  translate(expression: Expression): Expression {
    if (this.names.size === 0) return expression;
    return mapExpression(expression, {
      selection: (selection) => this.selection(selection),
      groupLabels: (grouping) => this.labelIn(grouping),
    });
  }

  /** Returns a function that returns what one of our labels becomes in the results of an expression. */
  labelIn(expression: Expression): (label: string) => string {
    const renames = this.renamesOf(metricsIn(expression));
    return (label) => renames.get(label) ?? label;
  }

  /** Returns a selection of our metric as one of what Prometheus has. */
  selection(of: Selection): Selection {
    const name = this.names.get(of.metric);
    if (name === undefined) return of;
    const { metric, part = of.part, labels, matchers } = name;
    const own = Object.entries(of.labels).flatMap(([label, matcher]) =>
      matchersFor(label, matcher, labels.get(label)),
    );
    return { metric, labels: { ...matchers, ...Object.fromEntries(own) }, ...(part && { part }) };
  }

  /** Returns the label names in Prometheus of one of our metrics, without those that only attributes are read from. */
  labelNamesOf({ name, labelNames }: Pick<MetricFamily, 'name' | 'labelNames'>): string[] {
    const labels = this.names.get(name)?.labels;
    const details = DETAILED_METRICS.find(({ metric }) => metric === name)?.details ?? [];
    return labelNames
      .filter((label) => !details.includes(label))
      .map((label) => labels?.get(label)?.[0]?.name ?? label);
  }

  /** Returns the labels of some metrics that change, and what they become. */
  renamesOf(metrics: readonly string[]): ReadonlyMap<string, string> {
    const renames = new Map<string, string>();
    for (const metric of metrics) {
      for (const [label, [first]] of this.names.get(metric)?.labels ?? []) {
        if (first !== undefined && !renames.has(label)) renames.set(label, first.name);
      }
    }
    return renames;
  }
}

function namesOf(semantic: SemanticMetric): [string, ConventionalName][] {
  const metric = prometheusName(semantic);
  const { sources, covers = [], instrument } = semantic;
  const ofSources = sources.map((source): [string, ConventionalName] => [
    source.metric,
    { metric, labels: renamedLabels(source.attributes), matchers: constantsOf(source.attributes) },
  ]);
  const ofCovered = covers.map((covered): [string, ConventionalName] => {
    const renames = Object.entries(covered.labels ?? {}).map(
      ([label, attribute]): [string, RenamedLabel[]] => [
        label,
        [{ name: labelOf(attribute), valueOf: (value) => value }],
      ],
    );
    const only = Object.entries(covered.only ?? {}).map(([name, matcher]) => [labelOf(name), matcher]);
    return [
      covered.metric,
      {
        metric,
        ...(instrument === 'histogram' && { part: 'count' as const }),
        labels: new Map([...renamedLabels(attributesOf(semantic)), ...renames]),
        matchers: Object.fromEntries(only) as LabelMatchers,
      },
    ];
  });
  return [...ofSources, ...ofCovered];
}

function renamedLabels(attributes: readonly SemanticAttribute[]): Map<string, RenamedLabel[]> {
  const labels = new Map<string, RenamedLabel[]>();
  for (const { name, label, valueOf } of attributes) {
    if (label === undefined) continue;
    const renamed = labels.get(label) ?? [];
    renamed.push({ name: labelOf(name), valueOf });
    labels.set(label, renamed);
  }
  return labels;
}

/** Returns matchers of the attributes that are the same in all series of a source. */
function constantsOf(attributes: readonly SemanticAttribute[]): LabelMatchers {
  return Object.fromEntries(
    attributes.flatMap(({ name, constant }) => (constant === undefined ? [] : [[labelOf(name), constant]])),
  );
}

function matchersFor(
  label: string,
  matcher: LabelMatcher,
  renamed: readonly RenamedLabel[] | undefined,
): [string, LabelMatcher][] {
  const [first, ...others] = renamed ?? [];
  if (first === undefined) return [[label, matcher]];
  const isNegated = typeof matcher === 'object' && 'not' in matcher;
  const own: [string, LabelMatcher] = isNegated
    ? [first.name, { not: patternFor(matcher.not, first) }]
    : [first.name, patternFor(matcher, first)];
  if (typeof matcher !== 'string') return [own];
  const more = others.map(({ name, valueOf }): [string, LabelMatcher] => [name, valueOf(matcher)]);
  return [own, ...more.filter(([, value]) => value !== '')];
}

/** Returns the pattern of an attribute; that of a regular expression stays. */
function patternFor(pattern: LabelPattern, { valueOf }: RenamedLabel): LabelPattern {
  if (typeof pattern === 'string') return valueOf(pattern);
  return pattern instanceof RegExp ? pattern : pattern.map((value) => valueOf(value));
}

function metricsIn(expression: Expression | number): string[] {
  return selectionsOf(expression).map(({ of }) => of.metric);
}
