import type { Provider } from '@nestjs/common';
import { BlockRecorder } from '../diagnostics/blocked-loop/block.recorder.js';
import { BlockedLoopLifecycle } from '../diagnostics/blocked-loop/blocked-loop.lifecycle.js';
import { EventLoopBlocks } from '../diagnostics/blocked-loop/event-loop-blocks.js';
import { CallSites } from '../instrumentation/requests/call-sites.js';
import { Operations } from '../instrumentation/requests/operations.js';
import { instrumentationGuard } from '../metrics/error-guards.js';
import { MetricsRegistry } from '../metrics/registry.js';
import type { ResolvedOptions } from './monitoring.options.js';
import { RESOLVED_OPTIONS } from './resolved-options.token.js';

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
];
