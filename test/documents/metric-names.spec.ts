import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { attributesOf, labelOf, prometheusName } from '../../lib/metrics/conventions/semantic-metric.js';
import { SEMANTIC_METRICS } from '../../lib/metrics/conventions/semantic-metrics.js';
import { codeBlocksOf } from './code-blocks.js';
import { DOCUMENTS, MANUAL, ROOT, textOf } from './documents.js';

const LIB = resolve(ROOT, 'lib');

const sources = readdirSync(LIB, { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.ts'))
  .map((path) => readFileSync(join(LIB, path), 'utf8'))
  .join('\n');

/** The beginnings of the names of the metrics of this library. */
const OURS =
  /^(http|rpc_server|websocket|graphql|handler|scheduled_job|bullmq|db_client|cache|redis_client|redis|postgresql|mysql|sqlite|system|process|nodejs|monitoring|api|application)_/;
/** Names of examples. */
const NOT_OURS: ReadonlySet<string> = new Set([
  'process_order_duration_seconds',
  'process_order_calls_total',
  'process_order_errors_total',
  'process_order',
  'cache_bytes',
  // Names of fastify-metrics.
  'http_request_summary_seconds',
  'http_request_summary_seconds_count',
  // Names of Micrometer.
  'http_server_requests_seconds',
  'http_client_requests_seconds',
  'cache_gets_total',
  'process_files_open_files',
  'process_cpu_usage',
  'process_files_max_files',
  'cache_puts_total',
  'cache_size',
  'system_cpu_usage',
  'system_cpu_count',
  'system_load_average_1m',
]);

/** Names that the sources put together from parts. */
const COMPOSED =
  /^(system_load(1|5|15)|system_disk_(total|used|free)_bytes|system_disk_inodes_percent|system_(network|disk)_\w+_bytes_per_second)$/;

/** Names that metrics and labels of this library have by the conventions of OpenTelemetry. */
const SEMANTIC: ReadonlySet<string> = new Set(
  SEMANTIC_METRICS.flatMap((metric) => [
    prometheusName(metric),
    ...attributesOf(metric).map(({ name }) => labelOf(name)),
  ]),
);

/** The names between backquotes in a text, with the braces of `system_disk_{read,write}_bytes` expanded. */
function namesIn(text: string): string[] {
  return [...text.matchAll(/`([a-z][\w{},]*\*?)[^`\n]*`/g)]
    .flatMap(([, name = '']) => {
      const [, before = '', options, after = ''] = /^(\w+_)\{([\w,]+)\}(_\w+)/.exec(name) ?? [];
      return options === undefined ? [name] : options.split(',').map((option) => before + option + after);
    })
    .map((name) => name.replace(/\{.*$/, ''))
    .filter((name) => OURS.test(name) && !NOT_OURS.has(name));
}

/** The name as it stands in the sources: without the ending of a histogram, and up to an asterisk. */
function isInSources(name: string): boolean {
  const stem = name.replace(/_(bucket|sum|count)$/, '');
  if (COMPOSED.test(name) || SEMANTIC.has(name) || SEMANTIC.has(stem)) return true;
  if (name.endsWith('*')) return sources.includes(name.slice(0, -1));
  return new RegExp(`['"\`]${stem}['"\`{]`).test(sources);
}

describe('the metrics in the manual', () => {
  it.each(MANUAL)('exist in the sources, as %s has them', (page) => {
    expect(namesIn(textOf(page)).filter((name) => !isInSources(name))).toEqual([]);
  });

  it.each(DOCUMENTS)('have the labels in PromQL that Prometheus gives them, as %s has it', (page) => {
    // `job` and `instance` are those of the target there; those of the metric are `exported_job` and `exported_instance`.
    const ofTheTarget = /\b(?:scheduled_job|bullmq_job)\w*\{[^}]*(?<!\w)(?:job|instance)\s*[=!]/;
    expect(codeBlocksOf(page, 'promql').filter(({ code }) => ofTheTarget.test(code))).toEqual([]);
    expect(
      (textOf(page).match(/`[^`\n]+`/g) ?? []).filter((code) => /[(]/.test(code) && ofTheTarget.test(code)),
    ).toEqual([]);
  });
});
