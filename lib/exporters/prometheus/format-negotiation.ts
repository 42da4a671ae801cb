/** A text format that Prometheus scrapes: its own 0.0.4, or OpenMetrics 1.0. */
export type TextFormat = 'prometheus' | 'openmetrics';

/** A format that Prometheus scrapes: one of its text formats, or protobuf, in which histograms are native ones too. */
export type ExpositionFormat = TextFormat | 'protobuf';

/** The `Content-Type` of each format. */
export const CONTENT_TYPES: Readonly<Record<ExpositionFormat, string>> = {
  prometheus: 'text/plain; version=0.0.4; charset=utf-8',
  openmetrics: 'application/openmetrics-text; version=1.0.0; charset=utf-8',
  protobuf: 'application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited',
};

interface Preference {
  /** Media type in lower case, without parameters. */
  readonly type: string;
  readonly version: string | undefined;
  /** True for protobuf messages of metrics, each with its length before it. */
  readonly isDelimited: boolean;
  readonly q: number;
}

/**
 * Returns the preferred format of an `Accept` header: protobuf if it is listed with a higher quality than both text
 * formats, else OpenMetrics if it is listed with at least the quality of text, else text 0.0.4, which is also the
 * default.
 *
 * @see RFC 9110, section 12.5.1
 */
export function negotiateFormat(accept: string | undefined): ExpositionFormat {
  const preferences = parsePreferences(accept ?? '');
  const openmetrics = quality(
    preferences.filter(({ version }) => version === undefined || /^(0\.0\.1|1\.0\.0)$/.test(version)),
    ['application/openmetrics-text'],
  );
  const text = quality(
    preferences.filter(({ type, version }) => type !== 'text/plain' || (version ?? '0.0.4') === '0.0.4'),
    ['text/plain', 'text/*', '*/*'],
  );
  const protobuf = quality(
    preferences.filter(({ isDelimited }) => isDelimited),
    ['application/vnd.google.protobuf'],
  );
  if (protobuf > Math.max(openmetrics, text)) return 'protobuf';
  return openmetrics > 0 && openmetrics >= text ? 'openmetrics' : 'prometheus';
}

/** Returns the quality of the first of these names, most specific first, that a header lists; 0 for none. */
function quality(preferences: readonly Preference[], names: readonly string[]): number {
  for (const name of names) {
    const listed = preferences.filter(({ type }) => type === name);
    if (listed.length > 0) return listed.reduce((most, { q }) => Math.max(most, q), 0);
  }
  return 0;
}

function parsePreferences(header: string): Preference[] {
  return header.split(',').map((part) => {
    const [type = '', ...parameters] = part.split(';').map((piece) => piece.trim().toLowerCase());
    const q = Number(parameterOf(parameters, 'q') ?? 1);
    const isDelimited =
      parameterOf(parameters, 'encoding') === 'delimited' &&
      parameterOf(parameters, 'proto') === 'io.prometheus.client.metricfamily';
    return { type, version: parameterOf(parameters, 'version'), isDelimited, q: q >= 0 && q <= 1 ? q : 0 };
  });
}

function parameterOf(parameters: readonly string[], name: string): string | undefined {
  const found = parameters.find((parameter) => parameter.startsWith(`${name}=`));
  return found?.slice(name.length + 1).replace(/^"(.*)"$/, '$1');
}
