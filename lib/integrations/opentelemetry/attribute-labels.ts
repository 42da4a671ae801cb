import { OVERFLOW_LABEL } from '../../metrics/labels.js';
import { WORKER_LABEL } from '../../metrics/metric-definition.js';
import type { InstrumentKind, InstrumentScope } from './instrument.js';
import { labelNameOf } from './prometheus-names.js';

/** Names that an exposition or this library uses for something else. */
const RESERVED: ReadonlySet<string> = new Set([
  'le',
  'quantile',
  OVERFLOW_LABEL,
  'otel_scope_name',
  'otel_scope_version',
  'otel_scope_schema_url',
]);

/** The same for gauges, to which a cluster adds the label of the worker. */
const RESERVED_OF_GAUGES: ReadonlySet<string> = new Set([...RESERVED, WORKER_LABEL]);

/** The prefix of a label whose name is taken, as Prometheus calls the labels that its own hide. */
const PREFIX = 'exported_';

/** Returns the labels of the scope of an instrument; a version or a schema that is not given is no label. */
export function scopeLabels({ name, version, schemaUrl }: InstrumentScope): Record<string, string> {
  return {
    ...(name !== '' && { otel_scope_name: name }),
    ...(version !== '' && { otel_scope_version: version }),
    ...(schemaUrl !== '' && { otel_scope_schema_url: schemaUrl }),
  };
}

/**
 * Returns the labels of attributes. An attribute that is undefined or null is no label. The values of attributes with
 * the same label are joined with `;`, in the order of their names.
 *
 * @throws {unknown} what a getter or a conversion throws
 */
export function labelsOfAttributes(attributes: object, kind: InstrumentKind): Record<string, string> {
  const reserved = kind === 'gauge' || kind === 'observableGauge' ? RESERVED_OF_GAUGES : RESERVED;
  const labels: Record<string, string> = {};
  const names = Object.keys(attributes);
  if (names.length > 1) names.sort();
  for (const name of names) {
    const text = textOf((attributes as Readonly<Record<string, unknown>>)[name]);
    if (text === '') continue;
    const plain = labelNameOf(name);
    const label = reserved.has(plain) ? PREFIX + plain : plain;
    labels[label] = Object.hasOwn(labels, label) ? `${labels[label]};${text}` : text;
  }
  return labels;
}

/** Returns the text of an attribute; that of an array or an object is JSON. */
function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  if (value === undefined || value === null) return '';
  return typeof value === 'object' ? (JSON.stringify(value) ?? '') : String(value);
}
