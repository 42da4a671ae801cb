import { describe, expect, it } from '@jest/globals';
import * as stable from '@opentelemetry/semantic-conventions';
import {
  attributesOf,
  prometheusName,
  type SemanticMetric,
} from '../../lib/metrics/conventions/semantic-metric.js';
import { RELABELED_METRICS, SEMANTIC_METRICS } from '../../lib/metrics/conventions/semantic-metrics.js';
import { textOf } from './documents.js';

const PAGE = 'docs/opentelemetry.md';

/** A row of a table of the page, with one space around each cell. */
function rowOf(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`;
}

function listOf(names: readonly string[]): string {
  return names.map((name) => `\`${name}\``).join(', ');
}

function rowOfMetric(metric: SemanticMetric): string {
  const { name, sources, covers = [], keepsOwn = false } = metric;
  const isStable = (Object.values(stable) as unknown[]).includes(name);
  return rowOf([
    `\`${name}\`${isStable ? ' (stable)' : ''}`,
    `\`${prometheusName(metric)}\``,
    listOf(attributesOf(metric).map((attribute) => attribute.name)),
    `${listOf([...sources, ...covers].map((own) => own.metric))}${keepsOwn ? ' (stays)' : ''}`,
  ]);
}

describe('the page about the names of OpenTelemetry', () => {
  const rows = textOf(PAGE)
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .map((line) => line.replaceAll(/ +/g, ' ').replaceAll(/\| (?=\|)/g, '| '));

  it('has every semantic metric with its attributes, and what it is derived from', () => {
    const expected = SEMANTIC_METRICS.map(rowOfMetric).map((row) => row.replaceAll(/ +/g, ' '));
    expect(rows).toEqual(expect.arrayContaining(expected));
  });

  it('names every metric that has their labels only', () => {
    const text = textOf(PAGE);
    expect(RELABELED_METRICS.filter(({ metric }) => !text.includes(`\`${metric}\``))).toEqual([]);
  });
});
