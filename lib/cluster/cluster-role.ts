import type { Server } from 'node:net';
import type { MetricFamily } from '../metrics/snapshot.js';
import { pause, resultWithin } from '../primitives/deadline.js';
import { messageOf } from '../primitives/error-message.js';
import type { ClusterContext } from './cluster-context.js';
import { ClusterFollower } from './cluster-follower.js';
import { ClusterLeader } from './cluster-leader.js';
import type { CollectRequest } from './messages.js';
import { unref } from '../primitives/unref.js';

/** Interval at which the leader checks that no other worker has taken over. */
const LEADER_CHECK_MS = 1_000;
/** Backoff between two attempts to join: a random share of a step per attempt, up to the longest. */
const BACKOFF_STEP_MS = 50;
const MIN_BACKOFF_MS = 10;
const MAX_BACKOFF_MS = 1_000;

/** The role of one worker in the cluster: it follows the leader, or leads if there is none. */
export class ClusterRole {
  private leading: { readonly leader: ClusterLeader; readonly server: Server } | undefined;
  private follower: ClusterFollower | undefined;
  private joining: Promise<void> | undefined;
  private leaderCheck: NodeJS.Timeout | undefined;
  private hasLeft = false;
  private hasSettled = false;
  private isSucceeded = false;

  constructor(private readonly context: ClusterContext) {}

  /** True if this worker leads. A leader that finds that another worker has taken over steps down. */
  get isLeader(): boolean {
    return this.currentLeader() !== undefined;
  }

  /** True if this worker leads and another one takes over when it leaves. */
  get hasSuccessor(): boolean {
    return this.hasSettled ? this.isSucceeded : (this.currentLeader()?.hasFollowers ?? false);
  }

  /** Joins the cluster; resolves when it has, or the time limit is exceeded. */
  join(timeoutMs: number): Promise<void> {
    this.joining ??= this.untilJoined().finally(() => (this.joining = undefined));
    return resultWithin(this.joining, timeoutMs, { background: true });
  }

  /**
   * Settles, before this worker leaves, which worker does what only one does at the end: another one that goes on, or the
   * last of several that leave at once. A follower whose leader leaves, too, waits until it leads or follows another one.
   */
  async settle(): Promise<void> {
    const { timeoutMs, leaderTimeoutMs } = this.context;
    const deadline = performance.now() + timeoutMs + leaderTimeoutMs;
    for (let left = timeoutMs + leaderTimeoutMs; left > 0; left = deadline - performance.now()) {
      if (this.joining !== undefined) await this.join(left);
      const leader = this.currentLeader();
      const { follower } = this;
      if (leader !== undefined) {
        const isSucceeded = await leader.decideSuccession(timeoutMs);
        if (this.currentLeader() !== leader) continue;
        this.isSucceeded = isSucceeded;
        this.hasSettled = true;
        return;
      }
      if (follower === undefined) {
        if (this.joining === undefined) return;
      } else {
        if (await follower.announceEnd(Math.min(timeoutMs, left))) return;
        await follower.untilEnded(deadline - performance.now());
      }
    }
  }

  /** Leaves the cluster and passes the totals of this worker on. */
  async leave(): Promise<void> {
    this.hasLeft = true;
    await this.joining;
    // Which the attempt to join may only now have started.
    clearInterval(this.leaderCheck);
    await this.follower?.leave();
    if (this.leading === undefined) return;
    const { leader, server } = this.leading;
    const { rendezvous } = this.context;
    if (rendezvous.isOurs()) await leader.end();
    else leader.abandon();
    rendezvous.close(server);
    this.leading = undefined;
  }

  /** Returns the merged metrics of all workers; undefined if there is no leader, or it does not respond. */
  async collect(request: CollectRequest): Promise<readonly MetricFamily[] | undefined> {
    if (this.joining !== undefined) await this.join(request.timeoutMs);
    try {
      return await (this.currentLeader() ?? this.follower)?.collect(request);
    } catch {
      // The metric of missing workers shows it.
      return undefined;
    }
  }

  private currentLeader(): ClusterLeader | undefined {
    if (this.leading !== undefined && !this.context.rendezvous.isOurs()) this.stepDown();
    return this.leading?.leader;
  }

  private async untilJoined(): Promise<void> {
    const { rendezvous, warn } = this.context;
    for (let attempt = 1; !this.hasLeft; attempt++) {
      try {
        if (await this.follow()) return;
        // Tries again under the lock, because another worker may have become the leader.
        const hasJoined = await rendezvous.exclusively(async () => {
          if (!(await this.follow())) await this.lead();
        });
        if (hasJoined) return;
      } catch (error) {
        warn('joining', `Other workers cannot be reached; retrying: ${messageOf(error)}`);
      }
      const pauseMs = Math.min(attempt * BACKOFF_STEP_MS * Math.random() + MIN_BACKOFF_MS, MAX_BACKOFF_MS);
      await pause(pauseMs, { background: true });
    }
  }

  private async follow(): Promise<boolean> {
    const { rendezvous, timeoutMs } = this.context;
    const socket = await rendezvous.connect(AbortSignal.timeout(timeoutMs)).catch(() => undefined);
    if (socket === undefined) return false;
    const follower = new ClusterFollower(this.context, socket, () => this.onLeaderLost(follower));
    try {
      await follower.connected();
    } catch {
      follower.end();
    }
    if (follower.hasEnded) return false;
    this.follower = follower;
    return true;
  }

  private onLeaderLost(follower: ClusterFollower): void {
    if (this.follower !== follower) return;
    this.follower = undefined;
    this.rejoin();
  }

  private async lead(): Promise<void> {
    const leader = new ClusterLeader(this.context);
    await leader.start();
    const server = await this.context.rendezvous.listen((socket) => leader.accept(socket));
    this.leading = { leader, server };
    this.leaderCheck = unref(setInterval(() => this.currentLeader(), LEADER_CHECK_MS));
  }

  /** Steps down as leader, after another worker took over because this one did not respond for long. */
  private stepDown(): void {
    if (this.leading === undefined) return;
    clearInterval(this.leaderCheck);
    this.leading.leader.abandon();
    this.context.rendezvous.close(this.leading.server);
    this.leading = undefined;
    this.rejoin();
  }

  private rejoin(): void {
    if (!this.hasLeft) void this.join(0);
  }
}
