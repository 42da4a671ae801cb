import { checkMatchers } from '../alerting/rules/rule-checks.js';
import {
  BASIC_AUTH,
  BEARER_TOKEN,
  expectOneCredential,
  headersOf,
  urlWithoutCredentials,
} from '../options/http-credentials.js';
import { expectOption } from '../options/option-checks.js';
import {
  checked,
  group,
  interval,
  type OptionTable,
  readOptions,
  switchedGroup,
} from '../options/option-table.js';
import { trimEnd } from '../primitives/trim-end.js';
import { expectTargetLabels, TARGET_LABELS } from '../query/target-labels.js';
import type { LabelMatchers } from '../query/label-matchers.js';
import { isLabelName } from '../metrics/labels.js';

/** Options of the dashboard. Its path is `endpoints.dashboard`. */
export interface DashboardOptions {
  /**
   * The Prometheus that scrapes the instances of the application. The dashboard shows the figures of all of them, or of one,
   * as Prometheus answers; while it does not, those of the process that serves the page.
   * @default false
   */
  readonly prometheus?: DashboardPrometheusOptions | false;
}

/** The Prometheus that the dashboard asks, or anything with its HTTP API such as Mimir, Thanos or VictoriaMetrics. */
export interface DashboardPrometheusOptions {
  /** Base URL without credentials, such as `http://prometheus:9090`; `/api/v1/query` follows it. */
  readonly url: string;
  /**
   * Conditions on the labels of the series of this application, such as `{ job: 'shop', namespace: /shop-.+/ }`. A value is
   * a string, an array of them or a regular expression for the whole value; `{ not: … }` negates it.
   * @default the label `service` of `defaultLabels`, if there is one
   */
  readonly matchers?: LabelMatchers;
  /** Label with the name of an instance, such as `pod`. @default 'instance' */
  readonly instanceLabel?: string;
  /**
   * Labels that the scrape gives to all series of an instance, such as `['job', 'instance', 'service']`. A label of a metric
   * with such a name is `exported_…` in Prometheus; an empty list is for a scrape with `honor_labels`.
   * @default job and instance
   */
  readonly targetLabels?: readonly string[];
  /** Additional headers, such as `{ 'X-Scope-OrgID': 'shop' }` for a tenant of Mimir. @default {} */
  readonly headers?: Readonly<Record<string, string>>;
  /** Credentials for basic authentication: `{ username, password }`. @default none */
  readonly basicAuth?: { readonly username: string; readonly password: string };
  /** Token for the header `Authorization: Bearer …`. @default none */
  readonly bearerToken?: string;
  /**
   * Time limit of all queries behind one answer of the dashboard, in milliseconds. After it, the answer is about the process
   * that serves the page.
   * @default 5000
   */
  readonly timeoutMs?: number;
}

/** The Prometheus of the dashboard, with every default filled in. */
export interface ResolvedDashboardPrometheus {
  readonly url: string;
  /** Undefined if the option is not given. */
  readonly matchers?: LabelMatchers;
  readonly instanceLabel: string;
  readonly targetLabels: readonly string[];
  readonly headers: Readonly<Record<string, string>>;
  readonly basicAuth?: { readonly username: string; readonly password: string };
  readonly bearerToken?: string;
  readonly timeoutMs: number;
}

/** The options of the dashboard, with every default filled in. */
export interface ResolvedDashboard {
  /** Undefined without a Prometheus. */
  readonly prometheus?: ResolvedDashboardPrometheus;
}

export const PROMETHEUS: OptionTable<DashboardPrometheusOptions, ResolvedDashboardPrometheus> = {
  url: group((url: string | undefined, option) => baseUrlOf(option, url)),
  matchers: group((matchers: LabelMatchers | undefined, option) => {
    if (matchers === undefined) return undefined;
    checkMatchers(option, matchers);
    return matchers;
  }),
  instanceLabel: checked('a label name such as "pod"', (name) => isLabelName(name), 'instance'),
  targetLabels: group((labels: readonly string[] = TARGET_LABELS, option) => {
    expectTargetLabels(option, labels);
    return labels;
  }),
  headers: group((headers: Readonly<Record<string, string>> = {}, option) =>
    headersOf(option, headers, 'each query sets itself', ['accept-encoding']),
  ),
  basicAuth: BASIC_AUTH,
  bearerToken: BEARER_TOKEN,
  timeoutMs: interval(5_000),
};

export const DASHBOARD: OptionTable<DashboardOptions, ResolvedDashboard> = {
  prometheus: switchedGroup(
    (given: DashboardPrometheusOptions | false | undefined, option) =>
      given === undefined || given === false ? undefined : resolvePrometheus(option, given),
    false,
  ),
};

/** Checks the options of the dashboard and applies the defaults. @throws {MonitoringOptionsError} */
export function resolveDashboard(dashboard: DashboardOptions | false = {}): ResolvedDashboard {
  return readOptions('dashboard', dashboard || {}, DASHBOARD);
}

function resolvePrometheus(owner: string, options: DashboardPrometheusOptions): ResolvedDashboardPrometheus {
  const resolved = readOptions(owner, options, PROMETHEUS);
  const { basicAuth, bearerToken, headers } = resolved;
  expectOneCredential(owner, { basicAuth, bearerToken }, headers, 'Prometheus');
  return resolved;
}

/** Returns the URL without slashes at its end. */
function baseUrlOf(option: string, url: unknown): string {
  const parsed = urlWithoutCredentials(option, url);
  const valid = parsed !== undefined && parsed.search === '' && parsed.hash === '';
  expectOption(option, url, 'the base URL of a Prometheus such as http://prometheus:9090', valid);
  return trimEnd((parsed as URL).href, '/');
}
