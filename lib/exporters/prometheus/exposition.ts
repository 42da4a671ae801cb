import { renderLabel } from '../../metrics/label-escaping.js';
import { claimedNames, familyName, isTotal, unitOf } from '../../metrics/naming-rules.js';
import {
  CREATED,
  CREATED_UNKNOWN,
  type Exemplar,
  FIRST_BUCKET,
  type HistogramFamily,
  type MetricFamily,
  type MetricsSnapshot,
  type ScalarFamily,
  SUM,
  VALUE,
} from '../../metrics/snapshot.js';
import type { TextFormat } from './format-negotiation.js';
import { type BridgedFamily, isSelectedBridged, renderBridged } from './bridged-family.js';
import { formatBound, formatCanonicalBound } from '../../metrics/bound-format.js';
import { formatSeconds, formatValue } from './number-format.js';

/** The settings of an exposition. */
export interface ExpositionOptions {
  readonly format: TextFormat;
  /** True to add `_created` samples to counters and histograms, in OpenMetrics only. */
  readonly created: boolean;
  /** Names of the metrics, or of their samples, to render. @default all */
  readonly names?: ReadonlySet<string>;
  /** Metrics of other libraries, whose names do not occur in the snapshot. */
  readonly bridged?: readonly BridgedFamily[];
}

/** A function that renders all lines of one series but the last line feed; `at` is the index of its first number. */
type SeriesRenderer = (row: number, at: number) => string;

/** Number of lines per chunk: large enough to be efficient, small enough not to block the event loop. */
const LINES_PER_CHUNK = 512;

/**
 * Renders a snapshot in UTF-8, in chunks between which the caller can yield to the event loop.
 *
 * @see https://prometheus.io/docs/instrumenting/exposition_formats/ and the OpenMetrics 1.0 specification
 */
export function* renderExposition(
  snapshot: MetricsSnapshot,
  options: ExpositionOptions,
): Generator<Buffer, void, undefined> {
  // V8 joins lines in less time than it adds them to a text one by one.
  let texts: string[] = [];
  let lines = 0;
  const chunk = (): Buffer => {
    texts.push('');
    const bytes = Buffer.from(texts.join('\n'));
    texts = [];
    lines = 0;
    return bytes;
  };
  for (const family of snapshot.families) {
    if (options.names && !isSelected(family, options.names)) continue;
    const { numbers, stride } = family;
    const linesPerSeries = family.type === 'histogram' ? stride : 1;
    let render: SeriesRenderer | undefined;
    for (let row = 0, at = 0; at < numbers.length; row++, at += stride) {
      if (Number.isNaN(numbers[at + CREATED])) continue;
      if (render === undefined) {
        texts.push(metadata(family, options.format));
        render = seriesRenderer(family, options);
      }
      texts.push(render(row, at));
      if ((lines += linesPerSeries) >= LINES_PER_CHUNK) yield chunk();
    }
  }
  if (texts.length > 0) yield chunk();
  for (const family of options.bridged ?? []) {
    if (options.names && !isSelectedBridged(family, options.names)) continue;
    yield Buffer.from(renderBridged(family, options.format));
  }
  if (options.format === 'openmetrics') yield Buffer.from('# EOF\n');
}

/** Returns true if the metric, or one of its samples, has one of the names. */
export function isSelected(family: MetricFamily, names: ReadonlySet<string>): boolean {
  return claimedNames(family.name, family.type).some((name) => names.has(name));
}

/** Renders the HELP and TYPE lines of a metric, and in OpenMetrics its UNIT line, without the last line feed. */
function metadata(family: MetricFamily, format: TextFormat): string {
  const help = family.help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
  if (format === 'prometheus') {
    const helpLine = help === '' ? '' : `# HELP ${family.name} ${help}\n`;
    return `${helpLine}# TYPE ${family.name} ${family.type}`;
  }
  const name = familyName(family.name, family.type);
  const unit = unitOf(family.name, family.type);
  const type = family.type === 'counter' && !isTotal(family.name, family.type) ? 'unknown' : family.type;
  const unitLine = unit === undefined ? '' : `\n# UNIT ${name} ${unit}`;
  const helpLine = help === '' ? '' : `\n# HELP ${name} ${help.replaceAll('"', '\\"')}`;
  return `# TYPE ${name} ${type}${unitLine}${helpLine}`;
}

function seriesRenderer(family: MetricFamily, options: ExpositionOptions): SeriesRenderer {
  return family.type === 'histogram' ? histogramRenderer(family, options) : scalarRenderer(family, options);
}

function scalarRenderer(family: ScalarFamily, options: ExpositionOptions): SeriesRenderer {
  const { name, numbers, identities } = family;
  const isOpenMetricsCounter = options.format === 'openmetrics' && isTotal(name, family.type);
  const exemplars = isOpenMetricsCounter ? family.exemplars : undefined;
  const created = isOpenMetricsCounter && options.created;
  if (exemplars === undefined && !created) {
    // Most lines of a scrape are rendered here, so it does as little as possible.
    return (row, at) => identities.renderPrefixOf(row) + formatValue(numbers[at + VALUE] ?? NaN);
  }
  return (row, at) => {
    const start = identities.renderPrefixOf(row);
    const exemplar = exemplarText(exemplars?.get(at + VALUE));
    const line = `${start}${formatValue(numbers[at + VALUE] ?? NaN)}${exemplar}`;
    return created ? line + createdLine(family, start.slice(name.length, -1), numbers[at + CREATED]) : line;
  };
}

function histogramRenderer(family: HistogramFamily, options: ExpositionOptions): SeriesRenderer {
  const { name, numbers, identities, upperBounds } = family;
  const openmetrics = options.format === 'openmetrics';
  const exemplars = openmetrics ? family.exemplars : undefined;
  const bound = openmetrics ? formatCanonicalBound : formatBound;
  const bucketEnds = [...upperBounds, Infinity].map((upperBound) => `le="${bound(upperBound)}"} `);
  // A sum that can decrease is not a counter, so OpenMetrics omits it, and the count with it.
  const withSum = !openmetrics || !((upperBounds[0] ?? 0) < 0);
  const created = openmetrics && options.created;
  const labelsAt = `${name}_bucket`.length;
  return (row, at) => {
    const start = identities.renderPrefixOf(row);
    const labels = start.endsWith('{') ? '' : `${start.slice(labelsAt, -1)}}`;
    let text = '';
    let count = 0;
    let index = at + FIRST_BUCKET;
    for (const bucketEnd of bucketEnds) {
      count += numbers[index] ?? 0;
      if (text !== '') text += '\n';
      text += start + bucketEnd + count;
      if (exemplars !== undefined) text += exemplarText(exemplars.get(index));
      index++;
    }
    if (withSum) {
      text += `\n${name}_sum${labels} ${formatValue(numbers[at + SUM] ?? NaN)}\n${name}_count${labels} ${count}`;
    }
    return created ? text + createdLine(family, labels, numbers[at + CREATED]) : text;
  };
}

function createdLine(family: MetricFamily, labels: string, createdAt = CREATED_UNKNOWN): string {
  if (createdAt === CREATED_UNKNOWN) return '';
  return `\n${familyName(family.name, family.type)}_created${labels} ${formatSeconds(createdAt)}`;
}

function exemplarText(exemplar: Exemplar | undefined): string {
  if (exemplar === undefined) return '';
  const labels = Object.entries(exemplar.labels).map(([name, value]) => renderLabel(name, value));
  return ` # {${labels.join(',')}} ${formatValue(exemplar.value)} ${formatSeconds(exemplar.timestamp)}`;
}
