import {
  BASIC_AUTH,
  BEARER_TOKEN,
  expectOneCredential,
  urlWithoutCredentials,
} from '../../options/http-credentials.js';
import { expectOption } from '../../options/option-checks.js';
import { fetchOf } from '../push/fetch-option.js';
import { exporterHeadersOf } from '../push/headers-option.js';
import type { PushFetch } from '../push/http-exchange.js';
import { group, type OptionTable, readOptions } from '../../options/option-table.js';
import { PUSH, type PushExporterOptions, type ResolvedPush } from '../push/push.options.js';
import { trimEnd } from '../../primitives/trim-end.js';
import { isLabelName } from '../../metrics/labels.js';

/** Options of a {@link PushgatewayExporter}. */
export interface PushgatewayExporterOptions extends PushExporterOptions {
  /** URL of the Pushgateway, such as `http://pushgateway:9091`, with its route prefix if it has one. */
  readonly url: string;
  /** Value of the label `job` of the group. */
  readonly jobName: string;
  /** Additional labels of the group, such as `{ instance: hostname() }`. @default {} */
  readonly groupings?: Readonly<Record<string, string>>;
  /** Additional headers, such as those that a proxy in front of the Pushgateway asks for. @default {} */
  readonly headers?: Readonly<Record<string, string>>;
  /** Credentials for basic authentication: `{ username, password }`. @default none */
  readonly basicAuth?: { readonly username: string; readonly password: string };
  /** Token for the header `Authorization: Bearer …`. @default none */
  readonly bearerToken?: string;
  /** Function that sends requests, such as a `fetch` of `undici` with a proxy. @default the global fetch */
  readonly fetch?: PushFetch;
}

/** The Pushgateway options with every default filled in. */
export interface ResolvedPushgateway extends ResolvedPush {
  readonly url: string;
  readonly jobName: string;
  readonly groupings: Readonly<Record<string, string>>;
  readonly headers: Readonly<Record<string, string>>;
  readonly basicAuth?: { readonly username: string; readonly password: string };
  readonly bearerToken?: string;
  readonly fetch: PushFetch;
}

export const PUSHGATEWAY: OptionTable<PushgatewayExporterOptions, ResolvedPushgateway> = {
  url: group((url: string | undefined, option) => {
    const parsed = urlWithoutCredentials(option, url);
    const valid = parsed !== undefined && parsed.search === '' && parsed.hash === '';
    expectOption(
      option,
      url,
      'an http or https URL such as http://pushgateway:9091, without query and fragment',
      valid,
    );
    return trimEnd(url as string, '/');
  }),
  jobName: group((jobName: string | undefined, option) => {
    expectOption(option, jobName, 'a non-empty string', typeof jobName === 'string' && jobName !== '');
    return jobName as string;
  }),
  groupings: group((groupings: PushgatewayExporterOptions['groupings'] = {}, option) => {
    checkGroupings(option, groupings);
    return groupings;
  }),
  headers: group((headers: PushgatewayExporterOptions['headers'] = {}, option) =>
    exporterHeadersOf(option, headers),
  ),
  basicAuth: BASIC_AUTH,
  bearerToken: BEARER_TOKEN,
  fetch: group((given: PushFetch | undefined, option) => fetchOf(option, given)),
  ...PUSH,
};

/**
 * Checks the Pushgateway options and applies the defaults.
 *
 * @param owner path of the options for error messages
 * @throws {MonitoringOptionsError} whose message never contains a credential
 */
export function resolvePushgateway(owner: string, options: PushgatewayExporterOptions): ResolvedPushgateway {
  const resolved = readOptions(owner, options, PUSHGATEWAY);
  const { basicAuth, bearerToken, headers } = resolved;
  expectOneCredential(owner, { basicAuth, bearerToken }, headers, 'the Pushgateway');
  return resolved;
}

function checkGroupings(option: string, groupings: unknown): void {
  expectOption(option, groupings, 'an object', typeof groupings === 'object' && groupings !== null);
  for (const [name, value] of Object.entries(groupings as object)) {
    const isAllowed = isLabelName(name) && name !== 'job';
    expectOption(`a key of ${option}`, name, 'a valid label name other than job', isAllowed);
    expectOption(`${option}.${name}`, value, 'a string', typeof value === 'string');
  }
}
