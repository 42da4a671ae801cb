import { expectObject, MonitoringOptionsError } from '../../options/option-checks.js';

/** Headers that belong to the content or the connection, and are set by what sends the request. */
const OWN_HEADERS = [
  'connection',
  'content-encoding',
  'content-length',
  'content-type',
  'host',
  'transfer-encoding',
];

/**
 * Checks an option with additional HTTP headers, and returns a copy.
 *
 * @throws {MonitoringOptionsError} whose message never contains a value
 */
export function headersOf(option: string, headers: Readonly<Record<string, string>>): Record<string, string> {
  expectObject(option, headers);
  for (const [name, value] of Object.entries(headers)) {
    const valid = /^[\w!#$%&'*+.^`|~-]+$/.test(name) && typeof value === 'string' && /^[ -~]*$/.test(value);
    if (!valid) {
      throw new MonitoringOptionsError(
        `\`${option}\` must contain valid header names and printable ASCII values; the header ${JSON.stringify(name)} does not.`,
      );
    }
    if (OWN_HEADERS.includes(name.toLowerCase())) {
      throw new MonitoringOptionsError(
        `\`${option}\` must not contain the header ${JSON.stringify(name)}, which the exporter sets for each request. Remove it.`,
      );
    }
  }
  return { ...headers };
}
