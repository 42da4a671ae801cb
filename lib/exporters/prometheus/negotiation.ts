import type { ExpositionFormat } from './exposition-format.js';

/** The media types that we answer with. */
export const CONTENT_TYPES: Readonly<Record<ExpositionFormat, string>> = {
  prometheus: 'text/plain; version=0.0.4; charset=utf-8',
  openmetrics: 'application/openmetrics-text; version=1.0.0; charset=utf-8',
};

interface Preference {
  /** In lower case, without parameters. */
  readonly type: string;
  readonly version: string | undefined;
  readonly q: number;
}

/**
 * Chooses the format that an `Accept` header likes best: OpenMetrics if it is named and not liked less, otherwise
 * text 0.0.4, which is also the answer to a header that names neither, or to none.
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
  return openmetrics > 0 && openmetrics >= text ? 'openmetrics' : 'prometheus';
}

/** Whether an `Accept-Encoding` header allows gzip. */
export function acceptsGzip(acceptEncoding: string | undefined): boolean {
  return quality(parsePreferences(acceptEncoding ?? ''), ['gzip', 'x-gzip', '*']) > 0;
}

/** The quality that the header gives to the first of these names that it mentions, the most specific first. */
function quality(preferences: readonly Preference[], names: readonly string[]): number {
  for (const name of names) {
    const mentions = preferences.filter(({ type }) => type === name);
    if (mentions.length > 0) return mentions.reduce((most, { q }) => Math.max(most, q), 0);
  }
  return 0;
}

function parsePreferences(header: string): Preference[] {
  return header.split(',').map((part) => {
    const [type = '', ...parameters] = part.split(';').map((piece) => piece.trim().toLowerCase());
    const q = Number(parameterOf(parameters, 'q') ?? 1);
    return { type, version: parameterOf(parameters, 'version'), q: q >= 0 && q <= 1 ? q : 0 };
  });
}

function parameterOf(parameters: readonly string[], name: string): string | undefined {
  const found = parameters.find((parameter) => parameter.startsWith(`${name}=`));
  return found?.slice(name.length + 1).replace(/^"(.*)"$/, '$1');
}
