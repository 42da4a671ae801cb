import { ExpositionPrefixes } from '../../metrics/exposition-prefix.js';
import { SeriesTable } from '../../metrics/series-table.js';
import { type MetricFamily, type MetricsSnapshot, scalarSeries } from '../../metrics/snapshot.js';

/** The name of the metric with the attributes of the resource. */
const TARGET_INFO = 'target_info';

/**
 * Returns a function that returns `target_info`: the attributes of the resource as labels of a constant 1.
 *
 * @see https://opentelemetry.io/docs/specs/otel/compatibility/prometheus_and_openmetrics/#resource-attributes-1
 */
export function targetInfo(
  resource: Readonly<Record<string, string>>,
): (snapshot: MetricsSnapshot) => MetricFamily {
  const labels = labelsFrom(resource);
  const labelNames = Object.keys(labels);
  let table: SeriesTable | undefined;
  const epoch = {};
  return ({ timestamp, defaultLabels }) => {
    if (table === undefined) {
      table = new SeriesTable(
        labelNames,
        new ExpositionPrefixes(TARGET_INFO, false, labelNames, defaultLabels),
      );
      table.findValues(Object.values(labels));
      table.add();
    }
    const columns = { numbers: Float64Array.of(timestamp, 1), stride: 2, identities: table, epoch };
    return {
      name: TARGET_INFO,
      help: 'Attributes of the application as a resource of OpenTelemetry.',
      type: 'gauge',
      labelNames,
      seriesLimit: 1,
      ...columns,
      series: scalarSeries(columns),
    };
  };
}

/** Returns the attributes by valid label names. Of two with the same label, the values are joined, as the specification asks. */
function labelsFrom(resource: Readonly<Record<string, string>>): Record<string, string> {
  const labels: Record<string, string> = {};
  for (const [attribute, value] of Object.entries(resource).toSorted(([a], [b]) => (a < b ? -1 : 1))) {
    const name = attribute.replace(/[^a-zA-Z0-9_]+/g, '_').replace(/^(?=\d)/, 'key_');
    labels[name] = Object.hasOwn(labels, name) ? `${labels[name]};${value}` : value;
  }
  return labels;
}
