import { expectKeys, expectOption, expectSecret, expectSecretKeys } from '../../options/option-checks.js';
import { fetchOf } from '../push/fetch-option.js';
import type { PushFetch } from '../push/http-answer.js';
import {
  PUSH_OPTION_NAMES,
  type PushExporterOptions,
  type ResolvedPush,
  resolvePush,
} from '../push/push.options.js';

/** Options of a {@link PushgatewayExporter}. */
export interface PushgatewayExporterOptions extends PushExporterOptions {
  /** Where it is: `http://pushgateway:9091`, with the prefix of its routes if it has one. */
  readonly url: string;
  /** The label `job` of the group that is pushed. */
  readonly jobName: string;
  /** The further labels of the group, such as `{ instance: hostname() }`. @default {} */
  readonly groupings?: Readonly<Record<string, string>>;
  /** For one that wants a password. */
  readonly basicAuth?: { readonly username: string; readonly password: string };
  /** The function that sends requests, such as one of `undici` that goes through a proxy. @default that of Node */
  readonly fetch?: PushFetch;
}

/** The options with every default filled in. */
export interface ResolvedPushgateway extends ResolvedPush {
  readonly url: string;
  readonly jobName: string;
  readonly groupings: Readonly<Record<string, string>>;
  readonly basicAuth?: { readonly username: string; readonly password: string };
  readonly fetch: PushFetch;
}

const LABEL_NAME = /^(?!__)[a-zA-Z_][a-zA-Z0-9_]*$/;

/**
 * @param owner whose options they are, for the messages
 * @throws {MonitoringOptionsError}
 */
export function resolvePushgateway(owner: string, options: PushgatewayExporterOptions): ResolvedPushgateway {
  expectKeys(owner, options, ['url', 'jobName', 'groupings', 'basicAuth', 'fetch', ...PUSH_OPTION_NAMES]);
  const { url, jobName, groupings = {}, basicAuth } = options;
  // It is not shown: it may hold a password.
  if (!isHttpUrl(url)) {
    expectOption(
      `${owner}.url`,
      typeof url,
      'an address like http://pushgateway:9091, without user and password',
      false,
    );
  }
  expectOption(
    `${owner}.jobName`,
    jobName,
    'a text that is not empty',
    typeof jobName === 'string' && jobName !== '',
  );
  checkGroupings(`${owner}.groupings`, groupings);
  if (basicAuth !== undefined) {
    expectSecretKeys(`${owner}.basicAuth`, basicAuth, ['username', 'password']);
    expectSecret(`${owner}.basicAuth.username`, basicAuth.username);
    expectSecret(`${owner}.basicAuth.password`, basicAuth.password);
  }
  return {
    ...resolvePush(owner, options),
    url: url.replace(/(?<!\/)\/+$/, ''),
    jobName,
    groupings,
    fetch: fetchOf(`${owner}.fetch`, options.fetch),
    ...(basicAuth && { basicAuth }),
  };
}

function checkGroupings(option: string, groupings: unknown): void {
  expectOption(option, groupings, 'an object', typeof groupings === 'object' && groupings !== null);
  for (const [name, value] of Object.entries(groupings as object)) {
    const valid = LABEL_NAME.test(name) && name !== 'job' && typeof value === 'string';
    expectOption(`${option}.${name}`, value, 'a label other than job, with a text', valid);
  }
}

function isHttpUrl(url: unknown): url is string {
  if (typeof url !== 'string' || !URL.canParse(url)) return false;
  const { protocol, username, password, search, hash } = new URL(url);
  return /^https?:$/.test(protocol) && `${username}${password}${search}${hash}` === '';
}
