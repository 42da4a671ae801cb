import type { Server } from 'node:net';
import { type Clock, systemClock } from '../metrics/clock.js';
import type { SnapshotOptions } from '../metrics/metric.js';
import type { MetricsRegistry, MetricsSource } from '../metrics/registry.js';
import type { WarningLogger } from '../metrics/registry-options.js';
import { MAX_TIMER_DELAY_MS } from '../primitives/deadline.js';
import type { MetricFamily, MetricsSnapshot } from '../metrics/snapshot.js';
import { messageOf } from '../primitives/message-of.js';
import { SafeLogger } from '../primitives/safe-logger.js';
import { ClusterFollower } from './cluster-follower.js';
import { ClusterLeader, type MergedWish, type WorkerSurroundings } from './cluster-leader.js';
import type { ResolvedCluster } from './cluster.options.js';
import type { Contribution } from './contribution.js';
import { readCounts } from './kept-counts.js';
import { MeetingPlace } from './meeting-place.js';
import { MergedView } from './merged-view.js';
import { OwnMetrics } from './own-metrics.js';
import { keyOf, ownName, sharedId, type WorkerName } from './surroundings.js';

/** So many times as long as a leader may be silent, the gauges of a worker that is silent are shown as they were. */
const GRACE = 2;
/** How often the worker that leads looks whether another one has taken over. */
const LOOK_MS = 1_000;
/** The longest that is waited between two attempts to find the others. */
const LONGEST_PAUSE_MS = 1_000;

/** What a member has around it. */
export interface MemberSurroundings {
  readonly defaultLabels: Readonly<Record<string, string>>;
  readonly logger: WarningLogger;
  /** @default the clock of the machine */
  readonly clock?: Clock;
  /** @default what this thread of this process is called */
  readonly name?: WorkerName;
}

/**
 * One worker of an application that has several. The first one to come leads; when it ends, another one does. Whoever
 * is asked shows the metrics of all: the leader brings them together, the others ask it. If it does not answer, they
 * show what it has written down, so that no total falls.
 */
export class ClusterMember implements MetricsSource {
  private readonly clock: Clock;
  private readonly warned = new Set<string>();
  /** The same object for the same metric, whoever leads. */
  private readonly epochs = new Map<string, object>();
  private readonly ownView: MergedView;
  /** What was shown while nobody led. */
  private readonly makeshift = new WeakSet<MetricsSnapshot>();
  private readonly place: MeetingPlace;
  private surroundings: WorkerSurroundings | undefined;
  private leading: { readonly leader: ClusterLeader; readonly server: Server } | undefined;
  private follower: ClusterFollower | undefined;
  private joining: Promise<void> | undefined;
  private looking: NodeJS.Timeout | undefined;
  private isStopped = false;

  private readonly logger: SafeLogger;

  constructor(
    private readonly registry: MetricsRegistry,
    private readonly options: ResolvedCluster,
    private readonly member: MemberSurroundings,
  ) {
    this.clock = member.clock ?? systemClock;
    this.logger = new SafeLogger(member.logger);
    this.ownView = this.newView();
    this.place = new MeetingPlace(options.id ?? sharedId(), options.directory);
  }

  /** Whether this worker is the one that does what only one of them should do. */
  get isLeader(): boolean {
    if (this.leading === undefined) return false;
    if (this.place.isOurs()) return true;
    this.stepDown();
    return false;
  }

  /** Whether this worker leads and another one can when it ends. */
  get hasSuccessor(): boolean {
    return this.isLeader && this.leading?.leader.hasFollowers === true;
  }

  /** A file that the workers of this application share, where nobody else may look. */
  fileFor(purpose: 'alerts'): string {
    return this.place.fileFor(purpose);
  }

  /** Finds the others; waits for that no longer than the workers may take to answer. */
  async start(): Promise<void> {
    const { timeoutMs, leaderTimeoutMs, maxMessageBytes } = this.options;
    const { defaultLabels } = this.member;
    try {
      this.place.open();
      this.surroundings = {
        own: new OwnMetrics(this.registry, this.member.name ?? ownName()),
        place: this.place,
        view: this.newView(),
        defaultLabels,
        timeoutMs,
        graceMs: GRACE * leaderTimeoutMs,
        maxMessageBytes,
        warn: (topic, message) => this.warn(topic, message),
      };
    } catch (error) {
      this.warn('place', `The workers of this application cannot meet: ${messageOf(error)}.`);
      return;
    }
    await this.joined(timeoutMs);
  }

  /** Leaves the others, and to them what was counted here. */
  async stop(): Promise<void> {
    this.isStopped = true;
    clearInterval(this.looking);
    await this.joining;
    await this.follower?.leave();
    if (this.leading === undefined) return;
    const { leader, server } = this.leading;
    if (this.place.isOurs()) await leader.end();
    else leader.abandon();
    this.place.leave(server);
    this.leading = undefined;
  }

  /** The metrics of all workers; never rejects, and answers in time with what there is. */
  async collect(options: SnapshotOptions & { readonly timeoutMs?: number } = {}): Promise<MetricsSnapshot> {
    const { exponential = false, timeoutMs = Infinity } = options;
    // Others may wait for the same: what one caller is in a hurry for is nobody else's limit.
    const wish = {
      exponential: typeof exponential === 'boolean' ? exponential : [...exponential],
      timeoutMs: this.options.timeoutMs,
    };
    // Before any worker looks: a series that begins after it has looked is not older than the snapshot.
    const timestamp = this.clock.now();
    const led = await withinOwnTime(this.familiesFromLeader(wish), timeoutMs);
    const families =
      led ?? (await this.familiesWithoutLeader({ ...wish, timeoutMs: Math.min(timeoutMs, wish.timeoutMs) }));
    const { defaultLabels } = this.member;
    const snapshot = {
      timestamp,
      defaultLabels,
      families: families.map((family) => ({ ...family, epoch: this.epochOf(family.name) })),
    };
    if (led === undefined) this.makeshift.add(snapshot);
    return snapshot;
  }

  /** Whether somebody led when the snapshot was taken; otherwise nearly all workers are missing in it. */
  isReliable(snapshot: MetricsSnapshot): boolean {
    return !this.makeshift.has(snapshot);
  }

  /** Only the metrics of this worker. */
  snapshot(options?: SnapshotOptions): MetricsSnapshot {
    return this.registry.snapshot(options);
  }

  private async familiesFromLeader(wish: MergedWish): Promise<readonly MetricFamily[] | undefined> {
    if (this.joining !== undefined) await this.joined(wish.timeoutMs);
    try {
      if (this.isLeader) return await this.leading!.leader.gather(wish);
      if (this.follower !== undefined) return await this.follower.ask(wish);
    } catch {
      // It is seen by how many workers are missing.
    }
    return undefined;
  }

  /** What the leader wrote down of the others, and what is counted here. */
  private async familiesWithoutLeader(wish: MergedWish): Promise<readonly MetricFamily[]> {
    const { surroundings } = this;
    if (surroundings === undefined) {
      const { exponential, timeoutMs } = wish;
      const own = new OwnMetrics(this.registry, ownName());
      return own.collect({ exponential, timeoutMs });
    }
    const { own, place, defaultLabels } = surroundings;
    const [families, content] = await Promise.all([own.collect(wish), place.read()]);
    const contributions: Contribution[] = [];
    let kept: ReturnType<typeof readCounts>;
    let index = 0;
    try {
      kept = content && readCounts(content, defaultLabels);
    } catch (error) {
      this.warn('kept counts', `What other workers have counted cannot be read: ${messageOf(error)}`);
    }
    for (const worker of kept?.workers ?? []) {
      if (keyOf(worker.name) === keyOf(own.name)) index = worker.index;
      else {
        const { name, index: other, families: known } = worker;
        contributions.push({ worker: { index: other, pid: name.pid }, families: known, isCurrent: false });
      }
    }
    contributions.push({ worker: { index, pid: own.name.pid }, families, isCurrent: true });
    return this.ownView.of(contributions, kept?.estate ?? [], contributions.length - 1);
  }

  private joined(timeoutMs: number): Promise<void> {
    this.joining ??= this.join().finally(() => (this.joining = undefined));
    return Promise.race([this.joining, pause(timeoutMs)]);
  }

  private async join(): Promise<void> {
    for (let attempt = 1; !this.isStopped; attempt++) {
      try {
        if (await this.follow()) return;
        // Whoever was first has begun to lead meanwhile.
        if (await this.place.exclusively(async () => ((await this.follow()) ? undefined : this.lead())))
          return;
      } catch (error) {
        this.warn('meeting', `The other workers of this application cannot be found: ${messageOf(error)}`);
      }
      await pause(Math.min(attempt * 50 * Math.random() + 10, LONGEST_PAUSE_MS));
    }
  }

  private async follow(): Promise<boolean> {
    const surroundings = this.surroundings!;
    const socket = await this.place
      .connect(AbortSignal.timeout(this.options.timeoutMs))
      .catch(() => undefined);
    if (socket === undefined) return false;
    const follower = new ClusterFollower(surroundings, socket, () => this.lost(follower));
    try {
      await follower.welcome(this.options.leaderTimeoutMs);
    } catch {
      follower.end();
    }
    if (follower.isOver) return false;
    this.follower = follower;
    return true;
  }

  private lost(follower: ClusterFollower): void {
    if (this.follower !== follower) return;
    this.follower = undefined;
    if (!this.isStopped) void this.joined(0);
  }

  private async lead(): Promise<void> {
    const surroundings = this.surroundings!;
    const leader = new ClusterLeader(surroundings);
    await leader.begin();
    const server = await this.place.listen((socket) => leader.accept(socket));
    this.leading = { leader, server };
    this.looking = setInterval(() => this.isLeader, LOOK_MS).unref();
  }

  /** Another worker has taken over, since this one was busy or stopped for long. */
  private stepDown(): void {
    if (this.leading === undefined) return;
    clearInterval(this.looking);
    this.leading.leader.abandon();
    this.place.leave(this.leading.server);
    this.leading = undefined;
    if (!this.isStopped) void this.joined(0);
  }

  private newView(): MergedView {
    return new MergedView(this.member.defaultLabels, this.clock, (topic, text) => this.warn(topic, text));
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

/** What the promise gives, or undefined when the time is over. */
async function withinOwnTime<T>(promise: Promise<T>, timeoutMs: number): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const over = new Promise<undefined>((resolve) => {
    if (timeoutMs <= MAX_TIMER_DELAY_MS) timer = setTimeout(resolve, timeoutMs, undefined);
  });
  return Promise.race([promise, over]).finally(() => clearTimeout(timer));
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms).unref();
  });
}
