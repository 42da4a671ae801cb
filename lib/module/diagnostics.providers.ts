import { freemem, totalmem } from 'node:os';
import type { Provider } from '@nestjs/common';
import { BlockRecorder } from '../diagnostics/blocked-loop/block.recorder.js';
import { BlockedLoopLifecycle } from '../diagnostics/blocked-loop/blocked-loop.lifecycle.js';
import { EventLoopBlocks } from '../diagnostics/blocked-loop/event-loop-blocks.js';
import { ProfilesLifecycle } from '../diagnostics/profiles/profiles.lifecycle.js';
import { Profiles } from '../diagnostics/profiles/profiles.js';
import type { MemoryRoom } from '../diagnostics/profiles/snapshot-estimate.js';
import { CallSites } from '../instrumentation/requests/call-sites.js';
import { Operations } from '../instrumentation/requests/operations.js';
import { instrumentationGuard } from '../metrics/error-guards.js';
import { MetricsRegistry } from '../metrics/registry.js';
import type { ResolvedOptions } from './monitoring.options.js';
import { RESOLVED_OPTIONS } from './resolved-options.token.js';

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
  const { LinuxSource } = await import('../collectors/system/linux.source.js');
  return new LinuxSource().memory();
}

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
  ...PROFILES_PROVIDERS,
];
