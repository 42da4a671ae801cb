import { freemem, totalmem } from 'node:os';
import { Logger, type Provider } from '@nestjs/common';
import { ApplicationConfig, ModulesContainer } from '@nestjs/core';
import { applicationBuild } from '../collectors/app-info/application-build.js';
import { LIBRARY_VERSION } from '../primitives/library-version.js';
import { ContainerLimits } from '../collectors/system/container-limits.js';
import { LinuxFiles } from '../collectors/system/linux-files.js';
import type { BlockRecorder } from '../diagnostics/blocked-loop/block.recorder.js';
import { EventLoopBlocks } from '../diagnostics/blocked-loop/event-loop-blocks.js';
import { ProcessInfo } from '../diagnostics/process-info/process-info.js';
import { InstanceTimes } from '../diagnostics/startup/instance-times.instrumentation.js';
import { StartRecorder } from '../diagnostics/startup/start-recorder.js';
import { StartupTimes } from '../diagnostics/startup/startup-times.js';
import { ProfilesLifecycle } from '../diagnostics/profiles/profiles.lifecycle.js';
import { Profiles } from '../diagnostics/profiles/profiles.js';
import type { MemoryRoom } from '../diagnostics/profiles/snapshot-estimate.js';
import { AlertingMonitor } from '../alerting/alerting.monitor.js';
import { isClusterWorker } from '../cluster/cluster-worker.js';
import type { FlightRecorder } from '../diagnostics/flight-recorder/flight-recorder.js';
import { LastExit } from '../diagnostics/flight-recorder/last-exit.js';
import { UNEXPECTED_END } from '../diagnostics/flight-recorder/unexpected-end.rule.js';
import { ErrorRecords } from '../instrumentation/errors/error-records.js';
import { MemoryGrowth } from '../diagnostics/memory/memory-growth.js';
import { MemoryLifecycle } from '../diagnostics/memory/memory.lifecycle.js';
import { MemoryObserver } from '../diagnostics/memory/memory.observer.js';
import { CallSites } from '../instrumentation/requests/call-sites.js';
import { Operations } from '../instrumentation/requests/operations.js';
import { ApplicationObjects } from '../integrations/application-objects.integration.js';
import { foundCaches, foundDatabases, foundQueues } from '../integrations/found-clients.js';
import { instrumentationGuard } from '../metrics/error-guards.js';
import { PROCESS_METRICS } from '../metrics/metric-names.js';
import { MetricsRegistry } from '../metrics/registry.js';
import { SafeLogger } from '../primitives/safe-logger.js';
import { Vitals } from '../query/vitals.js';
import { BLOCK_RECORDER, BLOCKED_LOOP, FLIGHT_RECORDER } from './lazily-loaded.token.js';
import type { ResolvedOptions } from './monitoring.options.js';
import { OptionsMerger } from './options-merger.js';
import { RESOLVED_OPTIONS } from './resolved-options.token.js';
import { loadInTurn } from '../primitives/load-in-turn.js';

/** Providers of the times of the start. */
const STARTUP_PROVIDERS: readonly Provider[] = [
  {
    provide: InstanceTimes,
    useFactory: () => new InstanceTimes(),
  },
  {
    provide: StartRecorder,
    inject: [MetricsRegistry, ModulesContainer, InstanceTimes, RESOLVED_OPTIONS],
    useFactory: (
      registry: MetricsRegistry,
      modules: ModulesContainer,
      instances: InstanceTimes,
      { enabled, diagnostics }: ResolvedOptions,
    ) => {
      if (!enabled || !diagnostics.startup) {
        instances.stop();
        return null;
      }
      return new StartRecorder(
        registry,
        modules,
        instances,
        InstanceTimes,
        [InstanceTimes, OptionsMerger.ADDED],
        new SafeLogger(new Logger('Monitoring')),
      );
    },
  },
  {
    provide: StartupTimes,
    inject: [StartRecorder],
    useFactory: (recorder: StartRecorder | null) => new StartupTimes(recorder ?? undefined),
  },
];

/** Providers of the state of the process. */
const PROCESS_INFO_PROVIDERS: readonly Provider[] = [
  {
    provide: ProcessInfo,
    inject: [ModulesContainer, ApplicationConfig, ApplicationObjects, Operations, RESOLVED_OPTIONS],
    useFactory: (
      modules: ModulesContainer,
      config: ApplicationConfig,
      objects: ApplicationObjects,
      operations: Operations | null,
      options: ResolvedOptions,
    ) => {
      if (!options.enabled || !options.diagnostics.processInfo) return new ProcessInfo();
      const { build } = options.collectors;
      return new ProcessInfo({
        modules,
        config,
        operations: operations ?? undefined,
        options,
        version: LIBRARY_VERSION,
        build: () => ({ ...applicationBuild(build || {}, process.env) }),
        container: (machineBytes, processors) => {
          const limits = new ContainerLimits(new LinuxFiles());
          return {
            memoryBytes: limits.memory(machineBytes)?.limit,
            cores: limits.cpu(processors)?.cores,
          };
        },
        clients: {
          databases: () => foundDatabases(objects),
          caches: () => foundCaches(objects),
          queues: () => foundQueues(objects),
        },
      });
    },
  },
];

/** Providers of the profiles. */
const PROFILES_PROVIDERS: readonly Provider[] = [
  {
    provide: Profiles,
    inject: [RESOLVED_OPTIONS],
    useFactory: ({ enabled, diagnostics: { profiles }, endpoints: { auth }, clock }: ResolvedOptions) =>
      new Profiles(
        enabled && profiles && (auth !== undefined || !profiles.needsAuth)
          ? { limits: profiles, clock, memory: memoryRoom }
          : undefined,
      ),
  },
  {
    provide: ProfilesLifecycle,
    inject: [Profiles, RESOLVED_OPTIONS],
    useFactory: (profiles: Profiles, { diagnostics }: ResolvedOptions) =>
      new ProfilesLifecycle(profiles, diagnostics.profiles && diagnostics.profiles.signal),
  },
];

/** Returns the memory of the machine or of the container. Its source is loaded when it is needed. */
async function memoryRoom(): Promise<MemoryRoom | undefined> {
  if (process.platform !== 'linux') return { total: totalmem(), used: totalmem() - freemem() };
  const { LinuxSource } = await loadInTurn(() => import('../collectors/system/linux.source.js'));
  return new LinuxSource().memory();
}

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
        loadInTurn(() => import('../diagnostics/flight-recorder/flight-recorder.js')),
        loadInTurn(() => import('./flight-sampler.js')),
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

/** Providers of the search for memory that grows. */
const MEMORY_PROVIDERS: readonly Provider[] = [
  {
    provide: MemoryObserver,
    inject: [MetricsRegistry, Operations, RESOLVED_OPTIONS],
    useFactory: (
      registry: MetricsRegistry,
      operations: Operations | null,
      { enabled, diagnostics, clock }: ResolvedOptions,
    ) =>
      enabled && diagnostics.memory
        ? new MemoryObserver(registry, clock, diagnostics.memory, operations?.sites ?? new CallSites())
        : null,
  },
  {
    provide: MemoryLifecycle,
    inject: [MemoryObserver, MetricsRegistry, RESOLVED_OPTIONS],
    useFactory: (
      observer: MemoryObserver | null,
      registry: MetricsRegistry,
      { diagnostics: { memory } }: ResolvedOptions,
    ) =>
      observer && memory
        ? new MemoryLifecycle(observer, memory.windowMs, instrumentationGuard(registry, 'diagnostics'))
        : null,
  },
  {
    provide: MemoryGrowth,
    inject: [MemoryObserver],
    useFactory: (observer: MemoryObserver | null) => new MemoryGrowth(observer ?? undefined),
  },
];

/** Providers of the diagnostics. */
export const DIAGNOSTICS_PROVIDERS: readonly Provider[] = [
  {
    provide: BLOCK_RECORDER,
    inject: [MetricsRegistry, Operations, RESOLVED_OPTIONS],
    useFactory: async (
      registry: MetricsRegistry,
      operations: Operations | null,
      { enabled, diagnostics, clock }: ResolvedOptions,
    ) => {
      if (!enabled || !diagnostics.blockedLoop) return null;
      const { BlockRecorder } = await loadInTurn(
        () => import('../diagnostics/blocked-loop/block.recorder.js'),
      );
      return new BlockRecorder(registry, clock, operations?.sites ?? new CallSites(), operations?.eventLoop);
    },
  },
  {
    provide: BLOCKED_LOOP,
    inject: [BLOCK_RECORDER, MetricsRegistry, Operations, RESOLVED_OPTIONS],
    useFactory: async (
      recorder: BlockRecorder | null,
      registry: MetricsRegistry,
      operations: Operations | null,
      { diagnostics: { blockedLoop } }: ResolvedOptions,
    ) => {
      if (recorder === null || !blockedLoop) return null;
      const { BlockedLoopLifecycle } = await loadInTurn(
        () => import('../diagnostics/blocked-loop/blocked-loop.lifecycle.js'),
      );
      return new BlockedLoopLifecycle(
        recorder,
        blockedLoop.thresholdMs,
        instrumentationGuard(registry, 'diagnostics'),
        operations?.eventLoop,
      );
    },
  },
  {
    provide: EventLoopBlocks,
    inject: [BLOCK_RECORDER],
    useFactory: (recorder: BlockRecorder | null) => new EventLoopBlocks(recorder ?? undefined),
  },
  ...STARTUP_PROVIDERS,
  ...PROCESS_INFO_PROVIDERS,
  ...PROFILES_PROVIDERS,
  ...FLIGHT_RECORDER_PROVIDERS,
  ...MEMORY_PROVIDERS,
];
