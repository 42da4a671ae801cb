import { type BusinessOptions, resolveBusiness } from '../business/business.options.js';
import {
  ALERTING,
  type AlertingOptions,
  type ResolvedAlerting,
  resolveAlerting,
} from '../alerting/alerting.options.js';
import { DEFAULT_THRESHOLDS, resolveThresholds, type Thresholds } from '../alerting/thresholds.options.js';
import { type ClusterOptions, type ResolvedCluster, resolveCluster } from '../cluster/cluster.options.js';
import {
  COLLECTORS,
  type CollectorsOptions,
  type ResolvedCollectors,
  resolveCollectors,
} from '../collectors/collectors.options.js';
import {
  type DashboardOptions,
  type ResolvedDashboard,
  resolveDashboard,
} from '../dashboard/dashboard.options.js';
import {
  ENDPOINTS_KEYS,
  type EndpointsOptions,
  type ResolvedEndpoints,
  resolveEndpoints,
} from '../http/endpoints.options.js';
import {
  EXPORTERS,
  type ExportersOptions,
  type ResolvedExporters,
  resolveExporters,
} from '../exporters/exporters.options.js';
import {
  type DiagnosticsOptions,
  type ResolvedDiagnostics,
  resolveDiagnostics,
} from '../diagnostics/diagnostics.options.js';
import { type HistoryOptions, type ResolvedHistory, resolveHistory } from '../history/history.options.js';
import { type GraphQLMetricsOptions, resolveGraphQL } from '../instrumentation/graphql/graphql.options.js';
import { type HealthOptions, type ResolvedHealth, resolveHealth } from '../health/health.options.js';
import { HTTP, type HttpMetricsOptions, resolveHttp } from '../instrumentation/http/http.options.js';
import {
  type ErrorsOptions,
  type ResolvedErrors,
  resolveErrors,
} from '../instrumentation/errors/errors.options.js';
import { type JobsOptions, type ResolvedJobs, resolveJobs } from '../instrumentation/jobs/jobs.options.js';
import { type RpcMetricsOptions, resolveRpc } from '../instrumentation/messages/rpc.options.js';
import {
  resolveWebSocket,
  type WebSocketMetricsOptions,
} from '../instrumentation/messages/websocket.options.js';
import { type LogsOptions, resolveLogs } from '../instrumentation/logs/logs.options.js';
import {
  type OutgoingHttpMetricsOptions,
  resolveOutgoingHttp,
} from '../instrumentation/outgoing-http/outgoing-http.options.js';
import {
  type RequestsOptions,
  type ResolvedRequests,
  resolveRequests,
} from '../instrumentation/requests/requests.options.js';
import { resolveConventions } from '../exporters/conventions/conventions.options.js';
import {
  type Convention,
  type ConventionByDomain,
  hasSemanticNames,
} from '../metrics/conventions/conventions.js';
import {
  boundsFor,
  HTTP_DURATION_BOUNDS,
  RPC_DURATION_BOUNDS,
} from '../metrics/conventions/semantic-recording.js';
import type { ExemplarSource } from '../metrics/exemplars.js';
import { type Clock, systemClock } from '../metrics/clock.js';
import { guardedClock } from '../metrics/guarded-clock.js';
import {
  expectKeys,
  expectObject,
  expectOption,
  MonitoringOptionsError,
  optionError,
} from '../options/option-checks.js';
import { describeValue } from '../options/option-descriptions.js';
import { type BridgesOptions, type ResolvedBridges, resolveBridges } from './bridges.options.js';
import {
  checked,
  count,
  flag,
  group,
  optionNames,
  type OptionTable,
  readOptions,
  switchedGroup,
} from '../options/option-table.js';
import { withoutDependents } from './dependent-parts.js';
import { lambdaDefaults } from './lambda-defaults.js';

/** Options of `MonitoringModule.forRoot()`. None is required. */
export interface MonitoringOptions {
  /** Switch of all monitoring: if false, every instrument is a no-op, and there is no route and no timer. @default true */
  readonly enabled?: boolean;
  /** Labels of every series. A label of the series itself wins over one of the same name. @default {} */
  readonly defaultLabels?: Readonly<Record<string, string | number | boolean>>;
  /**
   * Maximum number of series of a metric. Samples of further label sets go to one overflow series, so that totals stay
   * exact. @default 1000
   */
  readonly seriesLimit?: number;
  /**
   * Maximum length of a label value, in UTF-16 code units. A longer value is cut and ends with `…`; values that differ
   * only beyond the limit share one series. Each cut is counted in `monitoring_truncated_label_values_total`.
   * @default 1024
   */
  readonly labelValueLengthLimit?: number;
  /**
   * Exemplars of counters and histograms in OpenMetrics: with true, the recorded traces of OpenTelemetry, if its SDK was
   * started before the application; with a function, the labels that it returns. Those of HTTP requests also name the
   * record of their request. With false, there are none.
   * @default true
   */
  readonly exemplars?: boolean | ExemplarSource;
  /**
   * Names and labels of the metrics that Prometheus gets: `prometheus` for those of its client libraries, `otel` for those
   * of OpenTelemetry's semantic conventions where they have one, `both` for both.
   * @default OTEL_SEMCONV_STABILITY_OPT_IN for the metrics that it names, or else 'prometheus'
   */
  readonly conventions?: Convention;
  /**
   * Merging of the metrics of several workers of one application on one machine: with true or options, each worker
   * exposes the metrics of all of them, however they were started. @default false
   */
  readonly cluster?: ClusterOptions | boolean;
  /**
   * Paths of the HTTP endpoints, their authentication, and a server of their own for them; or false for none.
   * @default every endpoint at its default path; none on AWS Lambda
   */
  readonly endpoints?: EndpointsOptions | boolean;
  /**
   * Prometheus from which the dashboard reads the figures of all instances, or false for no dashboard.
   * @default the figures of the process alone
   */
  readonly dashboard?: DashboardOptions | boolean;
  /** Request metrics, or false. @default on */
  readonly http?: HttpMetricsOptions | boolean;
  /** Metrics of outgoing HTTP requests, or false. @default on */
  readonly outgoingHttp?: OutgoingHttpMetricsOptions | boolean;
  /** Records of what each request waited for and why it failed, or false. @default on; off on AWS Lambda */
  readonly requests?: RequestsOptions | boolean;
  /** Error metrics and groups of errors, or false. @default on */
  readonly errors?: ErrorsOptions | boolean;
  /**
   * Diagnostics of the process, such as what blocks the event loop, or false.
   * @default on; on AWS Lambda only those of the start and of the state of the process
   */
  readonly diagnostics?: DiagnosticsOptions | boolean;
  /** Counts of log messages by level and context, whose levels can be changed at run time, or false. @default on */
  readonly logs?: LogsOptions | boolean;
  /** Metrics of scheduled jobs and of queues, or false. @default each kind that the application has */
  readonly jobs?: JobsOptions | boolean;
  /** Metrics of microservice handlers, or false. @default on */
  readonly rpc?: RpcMetricsOptions | boolean;
  /** Metrics of WebSocket gateways, or false. @default on */
  readonly webSocket?: WebSocketMetricsOptions | boolean;
  /** Metrics of GraphQL operations, or false. @default on */
  readonly graphql?: GraphQLMetricsOptions | boolean;
  /**
   * Collectors of the process, the machine, and the clients of the application, or false.
   * @default all; on AWS Lambda without the machine, the event loop, and the statistics of servers
   */
  readonly collectors?: CollectorsOptions | boolean;
  /** Leadership among replicas, for business metrics that only one of them collects. @default every replica collects */
  readonly business?: BusinessOptions;
  /** Exporters that push the metrics, or false. @default only the metrics endpoint */
  readonly exporters?: ExportersOptions | boolean;
  /** Bridges from the metrics of other libraries, prom-client and OpenTelemetry, or false. @default none */
  readonly bridges?: BridgesOptions | boolean;
  /**
   * Samples of the last hour in memory, or false. Without them there are no vitals, no alerts, no dashboard and no
   * statistics by endpoint, which all read them.
   * @default on; off on AWS Lambda unless this option, or one that needs samples, is given
   */
  readonly history?: HistoryOptions | boolean;
  /** Health checks, their endpoints and the drain at the end, or false. @default the built-in checks */
  readonly health?: HealthOptions | boolean;
  /** Limits of the vitals, beyond which alerts fire, or false. @default the default of each vital that is not given */
  readonly thresholds?: Thresholds | boolean;
  /**
   * Alert rules, and the handlers that are notified; or false, with which no rule is evaluated, the thresholds included.
   * @default no rules beside the thresholds; off on AWS Lambda unless this option, or one that needs samples, is given
   */
  readonly alerting?: AlertingOptions | boolean;
  /**
   * Source of the time. The system clock replaces it whenever it throws or returns anything but a number, and once its
   * monotonic time goes backwards; this is counted in `monitoring_callback_errors_total{callback="clock"}`.
   * @default the system clock
   */
  readonly clock?: Clock;
}

/** The options, with every default filled in. */
export interface ResolvedOptions {
  readonly enabled: boolean;
  readonly defaultLabels: Readonly<Record<string, string | number | boolean>>;
  readonly seriesLimit: number;
  readonly labelValueLengthLimit: number;
  readonly exemplars: boolean | ExemplarSource;
  /** Convention of each group of metrics. */
  readonly conventions: ConventionByDomain;
  /**
   * The conventions, if any reader needs the labels from which only semantic attributes are read; recorders write them
   * then.
   */
  readonly detailed: ConventionByDomain | undefined;
  /** Undefined if the option is not given. */
  readonly cluster: ResolvedCluster | false | undefined;
  readonly endpoints: ResolvedEndpoints;
  readonly dashboard: ResolvedDashboard;
  readonly http: Required<HttpMetricsOptions> | false;
  readonly outgoingHttp: Required<OutgoingHttpMetricsOptions> | false;
  readonly requests: ResolvedRequests;
  readonly errors: ResolvedErrors;
  readonly diagnostics: ResolvedDiagnostics;
  readonly logs: Required<LogsOptions> | false;
  readonly jobs: ResolvedJobs;
  readonly rpc: Required<RpcMetricsOptions> | false;
  readonly webSocket: Required<WebSocketMetricsOptions> | false;
  readonly graphql: Required<GraphQLMetricsOptions> | false;
  readonly collectors: ResolvedCollectors;
  readonly business: BusinessOptions;
  readonly exporters: ResolvedExporters;
  readonly bridges: ResolvedBridges;
  /** False if nothing is sampled, and so nothing evaluated. */
  readonly history: ResolvedHistory | false;
  readonly health: ResolvedHealth | false;
  readonly thresholds: Thresholds;
  /** False if no rule is evaluated. */
  readonly alerting: ResolvedAlerting | false;
  readonly clock: Clock;
  /** Paths of the options that are off because of AWS Lambda, such as `collectors.system`. */
  readonly offOnLambda: readonly string[];
}

/** The options whose defaults and checks depend on no other one. */
type OwnOptions = Omit<ResolvedOptions, 'history' | 'offOnLambda' | 'detailed'> & {
  readonly history: HistoryOptions | false | undefined;
};

/** Returns the table of all options. */
function optionsTable(environment: string | undefined): OptionTable<MonitoringOptions, OwnOptions> {
  return {
    enabled: flag(true),
    defaultLabels: group(checkedLabels),
    seriesLimit: count(1_000),
    labelValueLengthLimit: count(1_024),
    exemplars: checked<boolean | ExemplarSource>(
      'true, false or a function',
      (given) => typeof given === 'boolean' || typeof given === 'function',
      true,
    ),
    conventions: group(resolveConventions),
    cluster: switchedGroup(resolveCluster),
    endpoints: switchedGroup((endpoints: EndpointsOptions | false | undefined) =>
      resolveEndpoints(endpoints, environment),
    ),
    dashboard: switchedGroup(resolveDashboard),
    http: switchedGroup(resolveHttp),
    outgoingHttp: switchedGroup(resolveOutgoingHttp),
    requests: switchedGroup((requests: RequestsOptions | false | undefined) =>
      resolveRequests(requests, environment),
    ),
    errors: switchedGroup(resolveErrors),
    diagnostics: switchedGroup((diagnostics: DiagnosticsOptions | false | undefined) =>
      resolveDiagnostics(diagnostics, environment),
    ),
    logs: switchedGroup(resolveLogs),
    jobs: switchedGroup(resolveJobs),
    rpc: switchedGroup(resolveRpc),
    webSocket: switchedGroup(resolveWebSocket),
    graphql: switchedGroup(resolveGraphQL),
    collectors: switchedGroup(resolveCollectors),
    business: group(resolveBusiness),
    exporters: switchedGroup(resolveExporters),
    bridges: switchedGroup(resolveBridges),
    history: switchedGroup((history: HistoryOptions | false | undefined) => history),
    health: switchedGroup(
      (health: HealthOptions | false = {}) => health !== false && resolveHealth(health, environment),
    ),
    thresholds: switchedGroup(checkedThresholds),
    alerting: switchedGroup(
      (alerting: AlertingOptions | false = {}) => alerting !== false && resolveAlerting(alerting),
    ),
    clock: group(checkedClock),
  };
}

/**
 * Checks the options and resolves their defaults.
 *
 * @param environment the value of NODE_ENV, on which the defaults of the dashboard and of the drain depend
 * @param onLambda true for the defaults of AWS Lambda
 * @throws {MonitoringOptionsError}
 */
export function resolveOptions(
  given: MonitoringOptions,
  environment?: string,
  onLambda = false,
): ResolvedOptions {
  const table = optionsTable(environment);
  const { options, off } = onLambda ? lambdaDefaults(given) : { options: given, off: [] };
  expectKeys('the options of MonitoringModule', options, optionNames(table), placeOf);
  const own = readOptions('the options of MonitoringModule', options, table, (option) => option);
  const { alerting, bridges, cluster } = own;
  if (cluster && bridges.promClient !== undefined) {
    throw new MonitoringOptionsError(
      '`bridges.promClient` must not be set with `cluster`: the metrics of prom-client are those of one worker and cannot be merged. Define them in MetricsRegistry, or remove one of the two options.',
    );
  }
  const history =
    own.history !== false && resolveHistory(own.history, alerting ? alerting.intervalMs : undefined);
  if (alerting && history && alerting.intervalMs < history.intervalMs) {
    throw new MonitoringOptionsError(
      `\`alerting.intervalMs\` must be at least \`history.intervalMs\`, ${history.intervalMs}, since rules are evaluated over the samples of the history; got ${alerting.intervalMs}.`,
    );
  }
  const needsDetails = hasSemanticNames(own.conventions) || own.exporters.otlp?.conventions === 'otel';
  return {
    ...withoutDependents(given, { ...own, history }),
    ...conventionalBuckets(options, own),
    offOnLambda: off,
    detailed: needsDetails ? own.conventions : undefined,
  };
}

/** Returns the options of the histograms of requests, with the buckets of their convention unless some are given. */
function conventionalBuckets(
  given: MonitoringOptions,
  { http, outgoingHttp, rpc, conventions }: OwnOptions,
): Pick<ResolvedOptions, 'http' | 'outgoingHttp' | 'rpc'> {
  return {
    http: withBuckets(http, given.http, conventions.http, HTTP_DURATION_BOUNDS),
    outgoingHttp: withBuckets(outgoingHttp, given.outgoingHttp, conventions.http, HTTP_DURATION_BOUNDS),
    rpc: withBuckets(rpc, given.rpc, conventions.rpc, RPC_DURATION_BOUNDS),
  };
}

interface WithBuckets {
  readonly buckets?: readonly number[];
}

function withBuckets<O extends Required<WithBuckets>>(
  resolved: O | false,
  given: WithBuckets | boolean | undefined,
  convention: Convention,
  semantic: readonly number[],
): O | false {
  const isGiven = typeof given === 'object' && given.buckets !== undefined;
  if (resolved === false || isGiven) return resolved;
  return { ...resolved, buckets: boundsFor(convention, resolved.buckets, semantic) };
}

function checkedLabels(
  labels: NonNullable<MonitoringOptions['defaultLabels']> = {},
  option: string,
): NonNullable<MonitoringOptions['defaultLabels']> {
  expectObject(option, labels);
  for (const [name, value] of Object.entries<unknown>(labels)) {
    if (['string', 'number', 'boolean'].includes(typeof value)) continue;
    throw optionError(
      option,
      `must be an object of strings, numbers and booleans; got ${describeValue(value)} for ${describeValue(name)}.`,
    );
  }
  return labels;
}

/** Returns the path of an option that is in a part, of those that are often given outside of it. */
function placeOf(key: string): string | undefined {
  return PARTS.flatMap(([part, names]) => (names.includes(key) ? [`${part}.${key}`] : []))[0];
}

const PARTS: readonly (readonly [part: string, names: readonly string[]])[] = [
  ['endpoints', ENDPOINTS_KEYS],
  ['http', optionNames(HTTP)],
  ['exporters', optionNames(EXPORTERS)],
  ['collectors', optionNames(COLLECTORS)],
  ['alerting', optionNames(ALERTING)],
];

function checkedThresholds(thresholds: Thresholds | false = {}): Thresholds {
  if (thresholds === false) return {};
  const all = { ...DEFAULT_THRESHOLDS, ...thresholds };
  resolveThresholds(all);
  return all;
}

function checkedClock(clock: Clock = systemClock): Clock {
  const valid = typeof clock?.now === 'function' && typeof clock.monotonic === 'function';
  expectOption('clock', clock, 'an object with now() and monotonic()', valid);
  return guardedClock(clock);
}
