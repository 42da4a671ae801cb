import { Logger, type Provider } from '@nestjs/common';
import { AlertingMonitor } from '../alerting/alerting.monitor.js';
import { isClusterWorker } from '../cluster/worker-identity.js';
import { applicationBuild } from '../collectors/app-info/application-build.js';
import { BlockRecorder } from '../diagnostics/blocked-loop/block.recorder.js';
import { BlockedLoopLifecycle } from '../diagnostics/blocked-loop/blocked-loop.lifecycle.js';
import { EventLoopBlocks } from '../diagnostics/blocked-loop/event-loop-blocks.js';
import type { FlightRecorder } from '../diagnostics/flight-recorder/flight-recorder.js';
import { LastExit } from '../diagnostics/flight-recorder/last-exit.js';
import { UNEXPECTED_END } from '../diagnostics/flight-recorder/unexpected-end.rule.js';
import { ErrorRecords } from '../instrumentation/errors/error-records.js';
import { CallSites } from '../instrumentation/requests/call-sites.js';
import { Operations } from '../instrumentation/requests/operations.js';
import { instrumentationGuard } from '../metrics/error-guards.js';
import { PROCESS_METRICS } from '../metrics/metric-names.js';
import { MetricsRegistry } from '../metrics/registry.js';
import { SafeLogger } from '../primitives/safe-logger.js';
import { Vitals } from '../query/vitals.js';
import { FLIGHT_RECORDER } from './lazily-loaded.token.js';
import type { ResolvedOptions } from './monitoring.options.js';
import { RESOLVED_OPTIONS } from './resolved-options.token.js';

/** Providers of the flight recorder. */
const FLIGHT_RECORDER_PROVIDERS: readonly Provider[] = [
  {
    provide: FLIGHT_RECORDER,
    inject: [MetricsRegistry, Operations, ErrorRecords, AlertingMonitor, Vitals, RESOLVED_OPTIONS],
    useFactory: async (
      registry: MetricsRegistry,
      operations: Operations | null,
      errors: ErrorRecords,
      alerting: AlertingMonitor,
      vitals: Vitals,
      { enabled, diagnostics: { flightRecorder }, collectors: { build }, clock }: ResolvedOptions,
    ): Promise<FlightRecorder | null> => {
      if (!enabled || flightRecorder === false) return null;
      const [{ FlightRecorder }, { FlightSampler }] = await Promise.all([
        import('../diagnostics/flight-recorder/flight-recorder.js'),
        import('./flight-sampler.js'),
      ]);
      const lastExit = registry.gauge(
        PROCESS_METRICS.lastExit,
        'The way in which the process before this one ended: 1 for its reason.',
        { labelNames: ['reason'] },
      );
      if (flightRecorder.alert) alerting.addAlertRule(UNEXPECTED_END);
      const logger = new SafeLogger(new Logger('Monitoring'));
      const sampler = new FlightSampler({ registry, operations, errors, alerting, vitals, clock });
      const { version } = build === false ? {} : applicationBuild(build, process.env);
      return new FlightRecorder(flightRecorder, {
        clock,
        sites: operations?.sites ?? new CallSites(),
        version: version ?? '',
        isWorker: isClusterWorker(),
        sample: () => sampler.sample(),
        requestsInFlight: () => sampler.requestsInFlight(),
        kills: () => sampler.kills(),
        warn: (message) => logger.warn(message),
        onReport: ({ reason, isClean, details, pid }) => {
          lastExit.set({ reason }, 1);
          if (!isClean)
            logger.warn(`The process before this one (${pid ?? 'unknown'}) ended early. ${details}`);
        },
        onSettled: () => void alerting.removeAlertRule(UNEXPECTED_END.name),
      });
    },
  },
  {
    provide: LastExit,
    inject: [FLIGHT_RECORDER],
    useFactory: (recorder: FlightRecorder | null) => new LastExit(recorder ?? undefined),
  },
];

/** Providers of the diagnostics. */
export const DIAGNOSTICS_PROVIDERS: readonly Provider[] = [
  {
    provide: BlockRecorder,
    inject: [MetricsRegistry, Operations, RESOLVED_OPTIONS],
    useFactory: (
      registry: MetricsRegistry,
      operations: Operations | null,
      { enabled, diagnostics, clock }: ResolvedOptions,
    ) =>
      enabled && diagnostics.blockedLoop
        ? new BlockRecorder(registry, clock, operations?.sites ?? new CallSites(), operations?.eventLoop)
        : null,
  },
  {
    provide: BlockedLoopLifecycle,
    inject: [BlockRecorder, MetricsRegistry, Operations, RESOLVED_OPTIONS],
    useFactory: (
      recorder: BlockRecorder | null,
      registry: MetricsRegistry,
      operations: Operations | null,
      { diagnostics: { blockedLoop } }: ResolvedOptions,
    ) =>
      recorder && blockedLoop
        ? new BlockedLoopLifecycle(
            recorder,
            blockedLoop.thresholdMs,
            instrumentationGuard(registry, 'diagnostics'),
            operations?.eventLoop,
          )
        : null,
  },
  {
    provide: EventLoopBlocks,
    inject: [BlockRecorder],
    useFactory: (recorder: BlockRecorder | null) => new EventLoopBlocks(recorder ?? undefined),
  },
  ...FLIGHT_RECORDER_PROVIDERS,
];
