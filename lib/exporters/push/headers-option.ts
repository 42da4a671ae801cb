import { headersOf } from '../../options/http-credentials.js';

/**
 * Checks the option of an exporter with additional HTTP headers, and returns a copy.
 *
 * @throws {MonitoringOptionsError} whose message never contains a value
 */
export function exporterHeadersOf(
  option: string,
  headers: Readonly<Record<string, string>>,
): Record<string, string> {
  return headersOf(option, headers, 'the exporter sets for each request');
}
