import { type Clock, systemClock } from '../metrics/clock.js';
import type { SnapshotOptions } from '../metrics/metric.js';
import type { CollectOptions, MetricsRegistry, MetricsSource } from '../metrics/registry.js';
import type { WarningLogger } from '../metrics/registry-options.js';
import type { MetricFamily, MetricsSnapshot } from '../metrics/snapshot.js';
import { resultWithin } from '../primitives/deadline.js';
import { messageOf } from '../primitives/error-message.js';
import { SafeLogger } from '../primitives/safe-logger.js';
import type { ClusterContext } from './cluster-context.js';
import { ClusterRole } from './cluster-role.js';
import type { ResolvedCluster } from './cluster.options.js';
import type { Contribution } from './worker-contribution.js';
import { MergedSnapshot } from './merged-snapshot.js';
import type { CollectRequest } from './messages.js';
import { LocalMetrics } from './local-metrics.js';
import { RendezvousSocket } from './rendezvous-socket.js';
import { TotalsFile } from './totals-file.js';
import { defaultClusterId, ownIdentity, type WorkerIdentity, workerKey } from './worker-identity.js';

/** Factor of the leader timeout for which the last gauges of a silent worker are shown. */
const GRACE = 2;

/** Dependencies of a {@link ClusterMember}. */
export interface ClusterMemberDependencies {
  readonly defaultLabels: Readonly<Record<string, string>>;
  readonly logger: WarningLogger;
  /** Clock of the timestamps. @default the system clock */
  readonly clock?: Clock;
  /** Identity of this worker. @default its process, thread and start time */
  readonly identity?: WorkerIdentity;
}

/**
 * One of several workers of an application, each of which shows the metrics of all. The first worker leads and merges
 * the metrics; the others request them from it. If the leader does not respond, a worker shows the totals that the
 * leader saved, so that no total decreases.
 */
export class ClusterMember implements MetricsSource {
  private readonly clock: Clock;
  private readonly logger: SafeLogger;
  private readonly warned = new Set<string>();
  /** Epochs by metric, which stay the same objects when the leader changes. */
  private readonly epochs = new Map<string, object>();
  private readonly degradedView: MergedSnapshot;
  /** Snapshots taken without a leader. */
  private readonly degradedSnapshots = new WeakSet<MetricsSnapshot>();
  private readonly rendezvous: RendezvousSocket;
  private readonly totals: TotalsFile;
  private readonly own: LocalMetrics;
  /** Undefined until {@link start}, and if the rendezvous cannot be opened. */
  private role: ClusterRole | undefined;

  constructor(
    private readonly registry: MetricsRegistry,
    private readonly options: ResolvedCluster,
    private readonly dependencies: ClusterMemberDependencies,
  ) {
    this.clock = dependencies.clock ?? systemClock;
    this.logger = new SafeLogger(dependencies.logger);
    this.degradedView = this.newView();
    this.rendezvous = new RendezvousSocket(options.id ?? defaultClusterId(), options.directory);
    this.totals = new TotalsFile(this.rendezvous, dependencies.defaultLabels, (topic, message) =>
      this.warn(topic, message),
    );
    this.own = new LocalMetrics(registry, dependencies.identity ?? ownIdentity());
  }

  /** True if this worker leads. */
  get isLeader(): boolean {
    return this.role?.isLeader ?? false;
  }

  /** True if this worker leads and another one takes over when it leaves; final once {@link settle} has ended. */
  get hasSuccessor(): boolean {
    return this.role?.hasSuccessor ?? false;
  }

  /** Returns the path of a file that the workers share and other users cannot read. */
  fileFor(purpose: 'alerts'): string {
    return this.rendezvous.fileFor(purpose);
  }

  /** Joins the other workers; resolves after the response time limit at the latest. */
  async start(): Promise<void> {
    try {
      this.rendezvous.open();
    } catch (error) {
      this.warn(
        'rendezvous',
        `Workers of this application cannot connect, so that /metrics covers this worker only: ${messageOf(error)}.`,
      );
      return;
    }
    this.role = new ClusterRole(this.newContext());
    await this.role.join(this.options.timeoutMs);
  }

  /** Settles with the other workers, before this one leaves, which of them does what only one does at the end. */
  async settle(): Promise<void> {
    await this.role?.settle();
  }

  /** Leaves the other workers and passes the totals of this worker on. */
  async stop(): Promise<void> {
    await this.role?.leave();
  }

  /** Returns the metrics of all workers. Never rejects; after the time limit it returns what is available. */
  async collect(options: CollectOptions = {}): Promise<MetricsSnapshot> {
    const { exponential = false, timeoutMs = Infinity, background = false } = options;
    const request = {
      exponential: typeof exponential === 'boolean' ? exponential : [...exponential],
      // Not that of the caller: other readers may wait for the same collection.
      timeoutMs: this.options.timeoutMs,
    };
    // Taken before any worker collects, so that no series is older than the snapshot that lacks it.
    const timestamp = this.clock.now();
    const merged = await resultWithin(this.collectMerged(request), timeoutMs, { background });
    const families =
      merged ??
      (await this.collectDegraded({ ...request, timeoutMs: Math.min(timeoutMs, request.timeoutMs) }));
    const snapshot = {
      timestamp,
      defaultLabels: this.dependencies.defaultLabels,
      families: families.map((family) => ({ ...family, epoch: this.epochOf(family.name) })),
    };
    if (merged === undefined) this.degradedSnapshots.add(snapshot);
    return snapshot;
  }

  /** Returns false if the snapshot was taken without a leader, and so lacks the current values of other workers. */
  isReliable(snapshot: MetricsSnapshot): boolean {
    return !this.degradedSnapshots.has(snapshot);
  }

  /** Returns the metrics of this worker only. */
  snapshot(options?: SnapshotOptions): MetricsSnapshot {
    return this.registry.snapshot(options);
  }

  private async collectMerged(request: CollectRequest): Promise<readonly MetricFamily[] | undefined> {
    return this.role?.collect(request);
  }

  /** Merges the metrics of this worker with the totals that the leader saved. */
  private async collectDegraded(request: CollectRequest): Promise<readonly MetricFamily[]> {
    if (this.role === undefined) return this.own.collect(request);
    const [families, saved] = await Promise.all([this.own.collect(request), this.totals.read()]);
    const { identity } = this.own;
    const contributions: Contribution[] = [];
    let ownIndex = 0;
    for (const worker of saved?.workers ?? []) {
      const { index, families: known } = worker;
      if (workerKey(worker.identity) === workerKey(identity)) ownIndex = index;
      else {
        const { pid } = worker.identity;
        contributions.push({ worker: { index, pid }, families: known, isCurrent: false });
      }
    }
    const missing = contributions.length;
    contributions.push({ worker: { index: ownIndex, pid: identity.pid }, families, isCurrent: true });
    return this.degradedView.merge(contributions, saved?.departed ?? [], missing);
  }

  private newContext(): ClusterContext {
    const { timeoutMs, leaderTimeoutMs, maxMessageBytes } = this.options;
    return {
      own: this.own,
      rendezvous: this.rendezvous,
      totals: this.totals,
      view: this.newView(),
      defaultLabels: this.dependencies.defaultLabels,
      timeoutMs,
      leaderTimeoutMs,
      graceMs: GRACE * leaderTimeoutMs,
      maxMessageBytes,
      warn: (topic, message) => this.warn(topic, message),
    };
  }

  private newView(): MergedSnapshot {
    return new MergedSnapshot(this.dependencies.defaultLabels, this.clock, (topic, message) =>
      this.warn(topic, message),
    );
  }

  private epochOf(name: string): object {
    let epoch = this.epochs.get(name);
    if (epoch === undefined) {
      epoch = {};
      this.epochs.set(name, epoch);
    }
    return epoch;
  }

  private warn(topic: string, message: string): void {
    if (this.warned.has(topic)) return;
    this.warned.add(topic);
    this.logger.warn(message);
  }
}
