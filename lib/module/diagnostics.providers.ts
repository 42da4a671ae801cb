import type { Provider } from '@nestjs/common';
import { BlockRecorder } from '../diagnostics/blocked-loop/block.recorder.js';
import { BlockedLoopLifecycle } from '../diagnostics/blocked-loop/blocked-loop.lifecycle.js';
import { EventLoopBlocks } from '../diagnostics/blocked-loop/event-loop-blocks.js';
import { MemoryGrowth } from '../diagnostics/memory/memory-growth.js';
import { MemoryLifecycle } from '../diagnostics/memory/memory.lifecycle.js';
import { MemoryObserver } from '../diagnostics/memory/memory.observer.js';
import { CallSites } from '../instrumentation/requests/call-sites.js';
import { Operations } from '../instrumentation/requests/operations.js';
import { instrumentationGuard } from '../metrics/error-guards.js';
import { MetricsRegistry } from '../metrics/registry.js';
import type { ResolvedOptions } from './monitoring.options.js';
import { RESOLVED_OPTIONS } from './resolved-options.token.js';

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
  ...MEMORY_PROVIDERS,
];
