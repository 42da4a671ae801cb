import type { Provider } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { applicationBuild } from '../collectors/app-info/application-build.js';
import { BuildInfoCollector } from '../collectors/app-info/build-info.collector.js';
import { cacheCollectors } from '../collectors/cache/cache.collectors.js';
import { CollectorLifecycle } from '../collectors/collector.lifecycle.js';
import { databaseCollectors } from '../collectors/database/database.collectors.js';
import { RunningCollectors } from '../collectors/running-collectors.js';
import { runtimeCollectors } from '../collectors/runtime/runtime.collectors.js';
import { SeriesCountCollector } from '../collectors/series-count.collector.js';
import { systemCollectors } from '../collectors/system/system.collectors.js';
import { Operations } from '../instrumentation/requests/operations.js';
import { ApplicationObjects } from '../integrations/application-objects.integration.js';
import { ScheduleIntegration } from '../integrations/schedule/schedule.integration.js';
import { MetricsRegistry } from '../metrics/registry.js';
import { EventLoopMonitor } from '../primitives/event-loop-monitor.js';
import type { ResolvedOptions } from './monitoring.options.js';
import { RESOLVED_OPTIONS } from './resolved-options.token.js';

/** Providers of the collectors of the process, the machine and the clients of the application. */
export const COLLECTORS_PROVIDERS: readonly Provider[] = [
  {
    provide: ScheduleIntegration,
    inject: [ModulesContainer],
    useFactory: (modules: ModulesContainer) => new ScheduleIntegration(modules),
  },
  {
    provide: EventLoopMonitor,
    inject: [RESOLVED_OPTIONS],
    useFactory: ({ clock }: ResolvedOptions) => new EventLoopMonitor(() => clock.monotonic()),
  },
  {
    provide: RunningCollectors,
    inject: [MetricsRegistry, RESOLVED_OPTIONS],
    useFactory: (registry: MetricsRegistry, { enabled, clock }: ResolvedOptions) =>
      new RunningCollectors(registry, clock, enabled),
  },
  {
    provide: CollectorLifecycle,
    inject: [
      RunningCollectors,
      MetricsRegistry,
      ScheduleIntegration,
      ApplicationObjects,
      Operations,
      EventLoopMonitor,
      RESOLVED_OPTIONS,
    ],
    useFactory: (
      running: RunningCollectors,
      registry: MetricsRegistry,
      { registerTimer }: ScheduleIntegration,
      objects: ApplicationObjects,
      operations: Operations | null,
      eventLoop: EventLoopMonitor,
      { enabled, collectors, clock, conventions, detailed }: ResolvedOptions,
    ) => {
      if (!enabled) return new CollectorLifecycle(running, []);
      const runtime = collectors.runtime
        ? runtimeCollectors(registry, clock, collectors.runtime, eventLoop, conventions.runtime)
        : [];
      const system = collectors.system ? systemCollectors(registry, clock, collectors.system) : [];
      const database = collectors.database
        ? databaseCollectors(
            objects,
            registry,
            clock,
            collectors.database,
            operations ?? undefined,
            detailed?.database,
          )
        : [];
      const cache = collectors.cache
        ? cacheCollectors(
            objects,
            registry,
            clock,
            collectors.cache,
            operations ?? undefined,
            detailed?.database,
          )
        : [];
      const build = collectors.build
        ? [new BuildInfoCollector(registry, applicationBuild(collectors.build, process.env))]
        : [];
      const all = [
        ...runtime,
        ...build,
        ...system,
        ...database,
        ...cache,
        new SeriesCountCollector(registry),
      ];
      return new CollectorLifecycle(running, all, registerTimer);
    },
  },
];
