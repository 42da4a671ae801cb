import {
  expectKeys,
  expectObject,
  expectSecret,
  expectUnshown,
  MonitoringOptionsError,
} from './option-checks.js';
import { hasCredentials, parseHttpUrl } from './http-url.js';
import { group, type OptionEntry } from './option-table.js';

/** Credentials for basic authentication. */
export interface BasicAuth {
  readonly username: string;
  readonly password: string;
}

/** Headers that belong to the content or the connection, and are set by what sends the request. */
const OWN_HEADERS = [
  'connection',
  'content-encoding',
  'content-length',
  'content-type',
  'host',
  'transfer-encoding',
];
const HEADER_NAME = /^[\w!#$%&'*+.^`|~-]+$/;

/** The option with credentials for basic authentication of requests that this library sends. */
export const BASIC_AUTH: OptionEntry<BasicAuth | undefined> = group(
  (basicAuth: BasicAuth | undefined, option) => {
    if (basicAuth === undefined) return undefined;
    expectKeys(option, basicAuth, ['username', 'password']);
    expectSecret(`${option}.username`, basicAuth.username);
    expectSecret(`${option}.password`, basicAuth.password);
    return basicAuth;
  },
);

/** The option with the token for the header `Authorization: Bearer …` of requests that this library sends. */
export const BEARER_TOKEN: OptionEntry<string | undefined> = group((token: string | undefined, option) => {
  if (token === undefined) return undefined;
  expectSecret(option, token);
  // Shown by its type only.
  expectUnshown(option, token, 'a string of printable ASCII characters', /^[!-~]+$/.test(token));
  return token;
});

/**
 * Returns an http or https URL; undefined for any other value.
 *
 * @throws {MonitoringOptionsError} if it contains credentials, for which the options `basicAuth` and `bearerToken` exist;
 *   the message does not show them
 */
export function urlWithoutCredentials(option: string, value: unknown): URL | undefined {
  const url = parseHttpUrl(value);
  if (url === undefined || !hasCredentials(url)) return url;
  throw new MonitoringOptionsError(
    `\`${option}\` must not contain credentials. Set the option basicAuth or bearerToken instead.`,
  );
}

/**
 * Checks an option with additional HTTP headers, and returns a copy.
 *
 * @param setBy what sets the headers that the option must not contain, such as "the exporter sets for each request"
 * @param reserved further names of headers that it must not contain, in lower case
 * @throws {MonitoringOptionsError} whose message never contains a value
 */
export function headersOf(
  option: string,
  headers: Readonly<Record<string, string>>,
  setBy: string,
  reserved: readonly string[] = [],
): Record<string, string> {
  expectObject(option, headers);
  for (const [name, value] of Object.entries(headers)) {
    const valid = HEADER_NAME.test(name) && typeof value === 'string' && /^[ -~]*$/.test(value);
    if (!valid) {
      throw new MonitoringOptionsError(
        `\`${option}\` must contain valid header names and printable ASCII values; the header ${JSON.stringify(name)} does not.`,
      );
    }
    if ([...OWN_HEADERS, ...reserved].includes(name.toLowerCase())) {
      throw new MonitoringOptionsError(
        `\`${option}\` must not contain the header ${JSON.stringify(name)}, which ${setBy}. Remove it.`,
      );
    }
  }
  return { ...headers };
}

/**
 * Checks that requests have at most one kind of credentials.
 *
 * @param ways the options with credentials, by name
 * @param receiver what the requests are for, such as "the receiver"
 * @throws {MonitoringOptionsError} whose message never contains a value
 */
export function expectOneCredential(
  owner: string,
  ways: Readonly<Record<string, unknown>>,
  headers: Readonly<Record<string, string>>,
  receiver: string,
): void {
  const hasHeader = Object.keys(headers).some((name) => name.toLowerCase() === 'authorization');
  const given = Object.values(ways).filter((way) => way !== undefined).length + Number(hasHeader);
  if (given <= 1) return;
  throw new MonitoringOptionsError(
    `\`${owner}\` must have at most one of ${Object.keys(ways).join(', ')} and the header authorization; got ${given}. Keep the one that ${receiver} expects.`,
  );
}
