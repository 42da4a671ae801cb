import type { CallSites } from '../../instrumentation/requests/call-sites.js';
import type { Clock } from '../../metrics/clock.js';
import type { Gauge } from '../../metrics/gauge.js';
import { NODEJS_METRICS } from '../../metrics/metric-names.js';
import type { MetricsRegistry } from '../../metrics/registry.js';
import type { GarbageCollection } from '../../primitives/garbage-collections.js';
import { HeapSampling } from '../heap-sampling.js';
import { AllocationSites } from './allocation-sites.js';
import { ListenerWarnings } from './listener-warnings.js';
import { LiveReadings } from './live-readings.js';
import { memoryInUse, type MemoryInUse, resourcesInUse } from './memory-in-use.js';
import type { MemoryReport, MemoryStatus } from './memory-report.js';
import { type MemoryKind, MemoryTrend } from './memory-trend.js';
import type { ResolvedMemory } from './memory.options.js';
import { causeOf } from './memory-cause.js';
import { ResourceCounts } from './resource-counts.js';

/** Part of the least growth from which on the memory may have grown since the last garbage collection. */
const NOTABLE_PART = 8;

/** A growth of the memory from its start to now. */
interface Episode {
  readonly kind: MemoryKind;
  readonly isSuspected: boolean;
  /** Growth per millisecond. */
  readonly slope: number;
  /** Monotonic time, in milliseconds. */
  readonly since: number;
  readonly fromBytes: number;
  readonly toBytes: number;
}

/** The sources of the observer, for tests. */
export interface MemorySources {
  readonly sampling?: HeapSampling;
  readonly memory?: () => MemoryInUse;
  readonly resources?: () => ReadonlyMap<string, number>;
}

/** An observer of the memory that garbage collection leaves behind. */
export class MemoryObserver {
  readonly listeners: ListenerWarnings;

  private readonly growth: Gauge;
  private readonly suspected: Gauge;
  private readonly trend: MemoryTrend;
  private readonly counts = new ResourceCounts();
  private readonly sites: AllocationSites;
  private readonly readings: LiveReadings | undefined;
  private readonly memory: () => MemoryInUse;
  private readonly resources: () => ReadonlyMap<string, number>;
  private allocationSites: MemoryReport['allocationSites'];
  private startedAt: number | undefined;
  private hasWarmedUp = false;
  private lastMajorAt = -Infinity;
  private floor: MemoryInUse | undefined;
  private episode: Episode | undefined;
  private hasWorsened = false;

  constructor(
    registry: MetricsRegistry,
    private readonly clock: Clock,
    private readonly options: ResolvedMemory,
    sites: CallSites,
    {
      sampling = HeapSampling.shared(),
      memory = memoryInUse,
      resources = resourcesInUse,
    }: MemorySources = {},
  ) {
    this.growth = registry.gauge(
      NODEJS_METRICS.memoryGrowth,
      'Growth of the memory in use after garbage collection; 0 if it is steady.',
    );
    this.suspected = registry.gauge(
      NODEJS_METRICS.memoryLeakSuspected,
      '1 if the memory in use after garbage collection grows so long and evenly that a leak is suspected, otherwise 0.',
      { aggregate: 'max' },
    );
    this.memory = memory;
    this.resources = resources;
    this.trend = new MemoryTrend(options.windowMs, options.minGrowthBytes);
    this.listeners = new ListenerWarnings(sites);
    this.sites = new AllocationSites(sites);
    this.allocationSites = options.allocationSites ? 'on' : 'off';
    if (options.allocationSites) {
      this.readings = new LiveReadings(this.sites, options.windowMs, sampling, () => clock.monotonic());
    }
  }

  start(): void {
    this.startedAt = this.clock.monotonic();
    this.growth.set(0);
    this.suspected.set(0);
  }

  stop(): void {
    this.startedAt = undefined;
    this.readings?.stop();
  }

  /** Records a garbage collection that has just ended. */
  record({ isMajor }: Pick<GarbageCollection, 'isMajor'>): void {
    const now = this.clock.monotonic();
    if (this.isStarting(now)) return;
    if (isMajor) this.addFloor(now);
    else this.trend.addMinor(now);
  }

  /**
   * Judges the windows that have ended. Called once in each.
   *
   * @returns the cause if a leak is suspected from now on
   */
  async judge(): Promise<string | undefined> {
    const now = this.clock.monotonic();
    if (this.isStarting(now)) return undefined;
    if (!this.hasWarmedUp) await this.warmUp();
    this.counts.add(this.resources());
    const wasSuspected = this.episode?.isSuspected === true;
    this.updateEpisode(now);
    const hasRead = await this.readings?.readIfDue({
      now,
      isGrowing: this.episode !== undefined,
      hasWorsened: this.hasWorsened,
      isFloorUnknown: this.isFloorUnknown(now),
    });
    if (hasRead === true) {
      this.hasWorsened = false;
      // The reading has collected garbage just now.
      this.addFloor(this.clock.monotonic());
    }
    this.growth.set((this.episode?.slope ?? 0) * 1_000);
    this.suspected.set(this.episode?.isSuspected === true ? 1 : 0);
    return this.episode?.isSuspected === true && !wasSuspected ? this.report().cause : undefined;
  }

  report(): MemoryReport {
    const now = this.clock.monotonic();
    const wallClock = (at: number) => Math.round(this.clock.now() - now + at);
    const { episode, floor } = this;
    const facts: Omit<MemoryReport, 'cause'> = {
      status: this.statusAt(now),
      ...(episode && { kind: episode.kind, since: wallClock(episode.since) }),
      bytesPerHour: Math.round((episode?.slope ?? 0) * 3_600_000),
      grownBytes: episode ? episode.toBytes - episode.fromBytes : 0,
      ...(floor && { heapBytes: floor.heapBytes, externalBytes: floor.externalBytes }),
      sites: episode ? this.sites.growingSince(episode.since) : [],
      allocationSites: this.allocationSites,
      counts: this.counts.growing(),
      listeners: this.listeners.growing(),
      windows: this.trend.windows(now).map((window) => ({ ...window, at: wallClock(window.at) })),
    };
    const forMs = episode ? now - episode.since : 0;
    return { ...facts, cause: causeOf(facts, episode, forMs) };
  }

  private statusAt(now: number): MemoryStatus {
    if (this.startedAt === undefined) return 'off';
    if (this.isStarting(now)) return 'starting';
    if (this.episode === undefined) return 'steady';
    return this.episode.isSuspected ? 'suspected' : 'growing';
  }

  private isStarting(now: number): boolean {
    return this.startedAt === undefined || now - this.startedAt < this.options.warmUpMs;
  }

  private async warmUp(): Promise<void> {
    this.hasWarmedUp = true;
    try {
      await this.readings?.start();
    } catch {
      // Such as under a permission model. The growth is observed all the same.
      this.allocationSites = 'unavailable';
    }
  }

  private addFloor(now: number): void {
    this.floor = this.memory();
    this.lastMajorAt = now;
    this.trend.add(now, this.floor);
  }

  private isFloorUnknown(now: number): boolean {
    if (now - this.lastMajorAt < this.options.windowMs) return false;
    if (this.floor === undefined) return true;
    const { usedBytes, externalBytes } = this.memory();
    const grown = Math.max(usedBytes - this.floor.usedBytes, externalBytes - this.floor.externalBytes);
    return grown >= this.options.minGrowthBytes / NOTABLE_PART;
  }

  private updateEpisode(now: number): void {
    const growth = this.trend.growth(now);
    const before = this.episode;
    if (growth === undefined) {
      this.episode = undefined;
      return;
    }
    const { kind, slope, from, to } = growth;
    const isSame = before?.kind === kind;
    const isSuspected = growth.isSuspected || (isSame && before.isSuspected);
    this.episode = {
      kind,
      isSuspected,
      slope,
      since: isSame ? Math.min(before.since, from.at) : from.at,
      fromBytes: isSame ? Math.min(before.fromBytes, from.value) : from.value,
      toBytes: to.value,
    };
    this.hasWorsened ||= before === undefined || (isSuspected && !before.isSuspected);
  }
}
