import { AlertingLifecycle } from '../alerting/alerting.lifecycle.js';
import { MetricsCollectorExplorer } from '../business/metrics-collector.explorer.js';
import { CollectorLifecycle } from '../collectors/collector.lifecycle.js';
import { QueuesLifecycle } from '../collectors/queues/queues.lifecycle.js';
import { LogLevels } from '../diagnostics/log-levels/log-levels.js';
import { StartRecorder } from '../diagnostics/startup/start-recorder.js';
import { ProfilesLifecycle } from '../diagnostics/profiles/profiles.lifecycle.js';
import { MemoryLifecycle } from '../diagnostics/memory/memory.lifecycle.js';
import { ExportersLifecycle } from '../exporters/exporters.lifecycle.js';
import { HealthLifecycle } from '../health/health.lifecycle.js';
import { HistoryLifecycle } from '../history/history.lifecycle.js';
import { EndpointRouter } from '../http/endpoint.router.js';
import { DecoratorsLifecycle } from '../instrumentation/decorators/decorators.lifecycle.js';
import { ErrorRecorder } from '../instrumentation/errors/error.recorder.js';
import { ExceptionsInstrumentation } from '../instrumentation/errors/exceptions.instrumentation.js';
import { ProcessErrorsInstrumentation } from '../instrumentation/errors/process-errors.instrumentation.js';
import { HttpInstrumentation } from '../instrumentation/http/http.instrumentation.js';
import { QueueJobsInstrumentation } from '../instrumentation/jobs/queue-jobs.instrumentation.js';
import { ScheduledJobsInstrumentation } from '../instrumentation/jobs/scheduled-jobs.instrumentation.js';
import { LogsInstrumentation } from '../instrumentation/logs/logs.instrumentation.js';
import { RpcInstrumentation } from '../instrumentation/messages/rpc.instrumentation.js';
import { WebSocketInstrumentation } from '../instrumentation/messages/websocket.instrumentation.js';
import { CrashFile } from '../instrumentation/requests/crash-file.js';
import { HandlerPhasesInstrumentation } from '../instrumentation/requests/handler-phases.instrumentation.js';
import { Operations } from '../instrumentation/requests/operations.js';
import { OutgoingHttpInstrumentation } from '../instrumentation/outgoing-http/outgoing-http.instrumentation.js';
import {
  BLOCKED_LOOP,
  CLUSTER_MEMBER,
  DASHBOARD,
  FLIGHT_RECORDER,
  GRAPHQL_INSTRUMENTATION,
  OPEN_TELEMETRY_BRIDGE,
} from './lazily-loaded.token.js';
import { type LifecycleStep, step } from './lifecycle-step.js';
import { ServingWatch } from './serving-watch.integration.js';
import { StartReport } from './start-report.integration.js';
import { StartWatch } from './start-watch.integration.js';

/**
 * Every step of the start and the end of the application. The steps of a start run in this order; those of one moment of
 * the end run at once, each after the steps in `after`. The moments are in `lifecycle-step.ts`. No part has a hook of
 * its own: `MonitoringCoreModule` and `LifecycleModule` have the hooks, which run these steps.
 */
export const LIFECYCLE: readonly LifecycleStep[] = [
  step(
    'init',
    'start times: begin',
    StartRecorder,
    (times) => times.instancesCreated(),
    'The hooks of other modules may load further modules, which are no part of the start.',
  ),
  step(
    'init',
    'start watch: start',
    StartWatch,
    (watch, lifecycle) => watch.start(() => lifecycle.abort()),
    'Nest reports a failing start to no provider; the watch has to see every hook that may fail.',
  ),
  step(
    'init',
    'logs: start',
    LogsInstrumentation,
    (logs) => logs.start(),
    'Other modules log in their own hooks.',
  ),
  step(
    'init',
    'flight recorder: start',
    FLIGHT_RECORDER,
    (recorder) => recorder.start(),
    'A start that fails or is killed has to leave a trace.',
  ),
  step(
    'init',
    'opentelemetry: start',
    OPEN_TELEMETRY_BRIDGE,
    (bridge) => bridge.start(),
    'Other modules record in their own hooks; only the first measurements are kept until here.',
  ),
  step(
    'init',
    'decorators: install',
    DecoratorsLifecycle,
    (decorators) => decorators.install(),
    'Other modules call decorated methods in their own hooks.',
  ),
  step(
    'init',
    'http: install',
    HttpInstrumentation,
    (http) => http.install(),
    'The hook of the framework has to come before those that main.ts adds.',
  ),
  step(
    'init',
    'errors: start',
    ErrorRecorder,
    (errors) => errors.start(),
    'The hooks of other modules may fail, such as a job at the start.',
  ),
  step(
    'init',
    'exceptions: start',
    ExceptionsInstrumentation,
    (exceptions) => exceptions.start(),
    'The handlers of exceptions are created with the routes, after this hook.',
  ),
  step(
    'init',
    'handler phases: start',
    HandlerPhasesInstrumentation,
    (phases) => phases.start(),
    'An application without a server may call guards and interceptors in its own hooks.',
  ),
  step(
    'init',
    'outgoing http: start',
    OutgoingHttpInstrumentation,
    (outgoing) => outgoing.start(),
    'Other modules send requests in their own hooks.',
  ),
  step(
    'init',
    'graphql: install',
    GRAPHQL_INSTRUMENTATION,
    (graphql) => graphql.install(),
    'GraphQLModule starts its driver in onModuleInit.',
  ),
  step(
    'init',
    'scheduled jobs: install',
    ScheduledJobsInstrumentation,
    (jobs) => jobs.install(),
    'ScheduleModule schedules the jobs in onModuleInit and onApplicationBootstrap.',
  ),
  step(
    'init',
    'queue jobs: install',
    QueueJobsInstrumentation,
    (jobs) => jobs.install(),
    'BullModule creates its workers in onModuleInit.',
  ),
  step(
    'init',
    'collectors: install',
    CollectorLifecycle,
    (collectors) => collectors.install(),
    'A scrape may come before the application has started.',
  ),
  step(
    'init',
    'queues: install',
    QueuesLifecycle,
    (queues) => queues.install(),
    'A scrape may come before the application has started.',
  ),
  step(
    'init',
    'metrics collectors: install',
    MetricsCollectorExplorer,
    (explorer) => explorer.install(),
    'All providers exist by now; those of lazy modules are found at later collections.',
  ),
  step(
    'init',
    'cluster: join',
    CLUSTER_MEMBER,
    (member) => member.start(),
    'The workers have to know each other before anything reads the merged metrics.',
  ),
  step(
    'init',
    'exporters: open',
    ExportersLifecycle,
    (exporters) => exporters.open(),
    'A missing SDK has to stop the start, before the application serves.',
  ),
  step(
    'init',
    'endpoints: mount',
    EndpointRouter,
    (router) => router.mount(),
    'The endpoints read from all of the above.',
    ['cluster: join', 'exporters: open'],
  ),

  step(
    'bootstrap',
    'http: start',
    HttpInstrumentation,
    (http) => http.start(),
    'A server that never listens gets no request; a failed start has to leave no listener on it.',
  ),
  step(
    'bootstrap',
    'queue jobs: start',
    QueueJobsInstrumentation,
    (jobs) => jobs.start(),
    'BullModule has created its workers by now.',
  ),
  step(
    'bootstrap',
    'alerting: start',
    AlertingLifecycle,
    (alerting) => alerting.start(),
    'Its rules request the samples that the history keeps from its first one on.',
  ),
  step(
    'bootstrap',
    'collectors: start',
    CollectorLifecycle,
    (collectors) => collectors.start(),
    'The modules that create clients have been initialised, and from now on a scrape finds every metric.',
  ),
  step(
    'bootstrap',
    'exporters: start',
    ExportersLifecycle,
    (exporters) => exporters.start(),
    'The first push reads the collectors.',
    ['collectors: start'],
  ),
  step(
    'bootstrap',
    'process errors: start',
    ProcessErrorsInstrumentation,
    (errors) => errors.start(),
    'Errors before this moment end the start, and the process reports them.',
  ),
  step(
    'bootstrap',
    'crash file: start',
    CrashFile,
    (file) => file.start(),
    'The error that ends the process is in its group before the groups are written.',
    ['process errors: start'],
  ),
  step(
    'bootstrap',
    'memory: start',
    MemoryLifecycle,
    (memory) => memory.start(),
    'Node warns of an emitter once, which may be at the start of other modules.',
  ),

  step(
    'started',
    'health: ready',
    HealthLifecycle,
    (health) => health.started(),
    'Readiness means that every module has started.',
  ),
  step(
    'started',
    'flight recorder: succeed',
    FLIGHT_RECORDER,
    (recorder) => recorder.started(),
    'Until every hook that may fail has run, an end is a failed start.',
    ['health: ready'],
  ),
  step(
    'started',
    'start watch: succeed',
    StartWatch,
    (watch) => watch.succeeded(),
    'Every hook that may fail has run.',
    ['health: ready'],
  ),
  step(
    'started',
    'logs: refresh',
    LogsInstrumentation,
    (logs) => logs.refresh(),
    'The modules have created their loggers, and main.ts has set that of the application.',
  ),
  step(
    'started',
    'start report: log',
    StartReport,
    (report) => report.log(),
    'The endpoints are mounted, and the modules have created their clients.',
    ['start watch: succeed'],
  ),
  step(
    'started',
    'serving watch: start',
    ServingWatch,
    (watch, lifecycle) => watch.start(() => lifecycle.serve()),
    'Work that a start does not need is done once the application serves.',
  ),

  step(
    'serving',
    'collectors: run',
    CollectorLifecycle,
    (collectors) => collectors.runAll(),
    'The first run reads files and finds clients, which no application has to wait for.',
  ),
  step(
    'serving',
    'start times: read',
    StartRecorder,
    (times) => times.read(),
    'The start is over, and nobody waits for its times.',
  ),
  step(
    'serving',
    'blocked loop: start',
    BLOCKED_LOOP,
    (blockedLoop) => blockedLoop.start(),
    'Its thread starts when the application has started, and costs the start nothing.',
  ),
  step(
    'serving',
    'profiles: start',
    ProfilesLifecycle,
    (profiles) => profiles.start(),
    'The application listens to its own signals by now, and keeps them.',
  ),
  step(
    'serving',
    'alerting: add thresholds',
    AlertingLifecycle,
    (alerting) => alerting.addThresholds(),
    'A start need not wait for the compilation of the rules; code that reads them earlier has them compiled.',
  ),
  step(
    'serving',
    'dashboard: start',
    DASHBOARD,
    ({ lifecycle }) => lifecycle.start(),
    'Its charts request the samples that the history keeps from its first one on.',
  ),
  step(
    'serving',
    'history: start',
    HistoryLifecycle,
    (history) => history.start(),
    'The first sample needs the requests of alerting and dashboard, and the collectors.',
    ['collectors: run', 'alerting: add thresholds', 'dashboard: start'],
  ),

  step(
    'closing',
    'health: drain',
    HealthLifecycle,
    (health) => health.closing(),
    'Load balancers have to see that the application is not ready while it still serves.',
  ),

  step(
    'disconnecting',
    'dashboard: stop',
    DASHBOARD,
    ({ lifecycle }) => lifecycle.stop(),
    'The HTTP server closes only when the event streams of the dashboard have ended.',
  ),

  step(
    'disconnecting',
    'profiles: stop',
    ProfilesLifecycle,
    (profiles) => profiles.stop(),
    'A capture takes minutes, and the HTTP server closes only when the downloads have ended.',
  ),

  step(
    'closed',
    'health: stop',
    HealthLifecycle,
    (health) => health.ended(),
    'The server is closed: there is nothing left to drain or to check.',
  ),

  step(
    'shutdown',
    'start times: stop',
    StartRecorder,
    (times) => times.stop(),
    'The application may end before its start is over.',
  ),
  step(
    'shutdown',
    'start watch: stop',
    StartWatch,
    (watch) => watch.stop(),
    'The application may end before it has listened.',
  ),
  step(
    'shutdown',
    'serving watch: stop',
    ServingWatch,
    (watch) => watch.stop(),
    'The application may end before it has listened.',
  ),
  step(
    'shutdown',
    'alerting: stop',
    AlertingLifecycle,
    (alerting) => alerting.stop(),
    'Handlers get the time to deliver; the state is saved.',
  ),
  step(
    'shutdown',
    'history: stop',
    HistoryLifecycle,
    (history) => history.stop(),
    'The end waits for a sample in progress.',
  ),
  step(
    'shutdown',
    'cluster: settle',
    CLUSTER_MEMBER,
    (member) => member.settle(),
    'Of workers that end at once, exactly one pushes last, with the samples of all of them.',
  ),
  step(
    'shutdown',
    'exporters: stop',
    ExportersLifecycle,
    (exporters) => exporters.shutdown(),
    'The last push has the samples that the hooks of all other modules record at the end.',
    ['cluster: settle'],
  ),
  step(
    'shutdown',
    'cluster: leave',
    CLUSTER_MEMBER,
    (member) => member.stop(),
    'Exporters and rules of the leader read the metrics of all workers.',
    ['alerting: stop', 'history: stop', 'exporters: stop'],
  ),
  step(
    'shutdown',
    'collectors: stop',
    CollectorLifecycle,
    (collectors) => collectors.stop(),
    'The last push, and the workers that stay, read the collectors.',
    ['exporters: stop', 'cluster: leave'],
  ),
  step(
    'shutdown',
    'opentelemetry: stop',
    OPEN_TELEMETRY_BRIDGE,
    (bridge) => bridge.stop(),
    'Everything that the application does at its end is recorded, and read by the last push and the other workers.',
    ['exporters: stop', 'cluster: leave'],
  ),
  ...(
    [
      ['decorators', DecoratorsLifecycle],
      ['http', HttpInstrumentation],
      ['errors', ErrorRecorder],
      ['exceptions', ExceptionsInstrumentation],
      ['process errors', ProcessErrorsInstrumentation],
      ['crash file', CrashFile],
      ['outgoing http', OutgoingHttpInstrumentation],
      ['graphql', GRAPHQL_INSTRUMENTATION],
      ['rpc', RpcInstrumentation],
      ['websocket', WebSocketInstrumentation],
      ['queue jobs', QueueJobsInstrumentation],
      ['handler phases', HandlerPhasesInstrumentation],
      ['operations', Operations],
      ['blocked loop', BLOCKED_LOOP],
      ['log levels', LogLevels],
      ['logs', LogsInstrumentation],
      ['flight recorder', FLIGHT_RECORDER],
      ['memory', MemoryLifecycle],
    ] as const
  ).map(([name, part]) =>
    step<{ stop(): void }>(
      'shutdown',
      `${name}: stop`,
      part,
      (instrumentation) => instrumentation.stop(),
      'Everything that the application does at its end is measured, the last requests of the exporters included.',
      ['exporters: stop'],
    ),
  ),
  step(
    'shutdown',
    'endpoints: close',
    EndpointRouter,
    (router) => router.close(),
    'The separate server serves scrapes and probes until no metric changes any more.',
    ['exporters: stop'],
  ),
];
