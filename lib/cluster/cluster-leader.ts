import type { Socket } from 'node:net';
import type { MetricFamily } from '../metrics/snapshot.js';
import { pause } from '../primitives/deadline.js';
import { messageOf } from '../primitives/error-message.js';
import type { ClusterContext } from './cluster-context.js';
import type { Contribution } from './worker-contribution.js';
import { DepartedTotals } from './departed-totals.js';
import { type ExponentialHistogramFilter, isIncluded, unionOf } from './exponential-histogram-filter.js';
import { type CollectRequest, type FollowerMessage, PROTOCOL } from './messages.js';
import { MessageStream } from './message-stream.js';
import type { KnownWorker } from './persisted-totals.js';
import type { WorkerConnection } from './worker-connection.js';
import { WorkerConnections } from './worker-connections.js';
import { workerKey } from './worker-identity.js';

/** Interval at which a leader that ends checks whether its followers have left, in milliseconds. */
const SETTLE_CHECK_MS = 10;

/**
 * The worker that merges the metrics of all workers, and keeps the totals of those that have departed. It saves the
 * totals before it shows them, so that the next leader never shows smaller ones.
 */
export class ClusterLeader {
  private readonly connections = new WorkerConnections();
  private readonly streams = new Set<MessageStream>();
  private readonly departed = new DepartedTotals();
  private ownFamilies: readonly MetricFamily[] = [];
  /** Every exponential histogram requested so far, collected ever after so that no reader misses one. */
  private exponential: ExponentialHistogramFilter = false;
  private running: Promise<MetricFamily[]> | undefined;
  private next: Promise<MetricFamily[]> | undefined;
  private relies = false;
  /** True once nothing is collected any more, since its own totals become those of a departed worker. */
  private isEnding = false;
  /** True once another worker may lead, whose totals are not to be overwritten. */
  private isOver = false;

  constructor(private readonly context: ClusterContext) {}

  get hasFollowers(): boolean {
    return this.connections.hasConnected;
  }

  /** Takes over the totals that the last leader saved. */
  async start(): Promise<void> {
    const { totals, own } = this.context;
    const { connections } = this;
    const saved = await totals.read();
    this.departed.families = saved?.departed ?? [];
    for (const { identity, index, families } of saved?.workers ?? []) {
      if (workerKey(identity) === workerKey(own.identity)) connections.ownIndex = index;
      else connections.for(identity, index).families = families;
    }
    for (const connection of connections) connection.detach();
    if ([...connections].some(({ worker }) => worker.index === connections.ownIndex)) {
      connections.ownIndex = connections.freeIndex();
    }
  }

  /** Accepts the connection of a follower. */
  accept(socket: Socket): void {
    let connection: WorkerConnection | undefined;
    const stream = new MessageStream(socket, this.context.maxMessageBytes, {
      message: (message) => {
        connection = this.receive(stream, connection, message as FollowerMessage);
      },
      closed: (reason) => {
        this.streams.delete(stream);
        if (connection?.isAttachedTo(stream) === true) connection.detach();
        // Of two workers that end at once, one may close the connection while the other one writes.
        const isEnd = this.relies || connection?.isEnding === true;
        if (reason !== undefined && !isEnd) {
          this.context.warn('worker', `Connection to a worker failed: ${reason.message}`);
        }
      },
    });
    this.streams.add(stream);
  }

  /**
   * Returns the merged metrics of all workers. A request during a collection gets the result of the next one, so that
   * nothing counted before the request is missing. Rejects once the leadership ends.
   */
  collect(request: CollectRequest): Promise<MetricFamily[]> {
    if (this.isEnding) return Promise.reject(new Error('the leader ends'));
    this.exponential = unionOf(this.exponential, request.exponential);
    if (this.running === undefined) return this.run(request.timeoutMs);
    this.next ??= this.running
      .catch(() => undefined)
      .then(() => {
        this.next = undefined;
        return this.run(request.timeoutMs);
      });
    return this.next;
  }

  /**
   * Decides, before the end of the leadership, whether a follower takes over. Followers that are about to leave are waited
   * for, so that their final metrics are in what the leader does last.
   *
   * @returns true if the leader relies on a follower, which from then on cannot end without taking over
   */
  async decideSuccession(timeoutMs: number): Promise<boolean> {
    const deadline = performance.now() + timeoutMs;
    const isSettling = (): boolean =>
      [...this.connections].some((connection) => connection.isSettling(timeoutMs));
    while (isSettling() && performance.now() < deadline) await pause(SETTLE_CHECK_MS);
    this.relies = [...this.connections].some(({ isConnected, isEnding }) => isConnected && !isEnding);
    return this.relies;
  }

  /** Ends the leadership and saves the totals for the next leader. */
  async end(): Promise<void> {
    this.isEnding = true;
    await (this.next ?? this.running)?.catch(() => undefined);
    const { own, timeoutMs, totals } = this.context;
    this.updateOwn(await own.collect({ exponential: this.exponential, timeoutMs }));
    this.settleEnded();
    this.departed.add(this.ownContribution(), this.connections.pids);
    this.retireDeparted();
    if (this.connections.size > 0) await this.save(this.otherWorkers());
    else totals.clear();
    this.abandon();
  }

  /** Closes all connections, because another worker has taken over. */
  abandon(): void {
    this.isEnding = true;
    this.isOver = true;
    for (const stream of this.streams) stream.close();
  }

  private run(timeoutMs: number): Promise<MetricFamily[]> {
    this.running = this.collectAll(timeoutMs).finally(() => (this.running = undefined));
    return this.running;
  }

  private async collectAll(timeoutMs: number): Promise<MetricFamily[]> {
    const { own, view, graceMs } = this.context;
    const request = { exponential: this.exponential, timeoutMs };
    const [ownFamilies, results] = await Promise.all([
      own.collect(request),
      Promise.all(
        Array.from(this.connections, async (connection) => ({
          connection,
          hasAnswered: await connection.collect(request),
        })),
      ),
    ]);
    this.updateOwn(ownFamilies);
    this.retireDeparted();
    const present = results.filter(({ connection }) => this.connections.has(connection));
    const others = present.map(({ connection: { worker, families, silentMs } }) => ({
      worker,
      families,
      isCurrent: silentMs <= graceMs,
    }));
    const missing = present.filter(({ hasAnswered }) => !hasAnswered).length;
    this.settleEnded();
    const families = view.merge([this.ownContribution(), ...others], this.departed.families, missing);
    await this.save([
      { identity: own.identity, index: this.connections.ownIndex, families: this.ownFamilies },
      ...this.otherWorkers(),
    ]);
    return families;
  }

  /** Handles a message and returns the connection that its stream belongs to. */
  private receive(
    stream: MessageStream,
    connection: WorkerConnection | undefined,
    message: FollowerMessage,
  ): WorkerConnection | undefined {
    if (message.kind === 'hello') return this.welcome(stream, message);
    if (connection === undefined) throw new Error('the first message is not `hello`');
    // The worker has reconnected, and its earlier messages no longer count.
    if (!connection.isAttachedTo(stream)) return connection;
    switch (message.kind) {
      case 'collected':
        this.update(connection, message.families, message.id);
        break;
      case 'merge':
        void this.respond(connection, message);
        break;
      case 'leave':
        this.update(connection, message.families);
        connection.send({ kind: 'left' });
        this.retire(connection);
        break;
      case 'ending':
        connection.isEnding = !this.relies;
        connection.send({ kind: 'noted', goesOn: !this.relies });
        break;
      case 'ping':
        connection.send({ kind: 'pong' });
        break;
      default:
        throw new Error('unknown message kind');
    }
    return connection;
  }

  private welcome(
    stream: MessageStream,
    { protocol, identity }: Extract<FollowerMessage, { kind: 'hello' }>,
  ): WorkerConnection {
    if (protocol !== PROTOCOL) throw new Error('the worker runs another version of nestjs-monitoring');
    const connection = this.connections.for(identity);
    connection.attach(stream);
    connection.send({ kind: 'welcome', index: connection.worker.index });
    return connection;
  }

  private async respond(
    connection: WorkerConnection,
    { id, exponential, timeoutMs }: Extract<FollowerMessage, { kind: 'merge' }>,
  ): Promise<void> {
    const limitMs = Math.min(timeoutMs, this.context.timeoutMs);
    try {
      const families = await this.collect({ exponential, timeoutMs: limitMs });
      connection.sendMerged(id, families, (name) => isIncluded(exponential, name));
    } catch (error) {
      // Of a leadership that ends, the end of the connection tells the worker.
      if (this.isEnding) return;
      this.context.warn('merging', `The merged metrics could not be sent to a worker: ${messageOf(error)}`);
    }
  }

  private updateOwn(families: readonly MetricFamily[]): void {
    const before = this.ownFamilies;
    this.ownFamilies = families;
    this.departed.noteEnded(before, this.ownContribution());
  }

  private update(connection: WorkerConnection, received: unknown, id?: number): void {
    const before = connection.families;
    connection.receive(received, id);
    const { worker, families } = connection;
    this.departed.noteEnded(before, { worker, families, isCurrent: true });
  }

  private settleEnded(): void {
    const live = [this.ownFamilies, ...Array.from(this.connections, ({ families }) => families)];
    this.departed.settle(live, this.runningPids());
  }

  private retireDeparted(): void {
    for (const connection of this.connections) {
      if (connection.hasDeparted()) this.retire(connection);
    }
  }

  private retire(connection: WorkerConnection): void {
    // While the worker still has what it began anew.
    this.settleEnded();
    this.connections.delete(connection);
    const { worker, families } = connection;
    this.departed.add({ worker, families, isCurrent: false }, this.runningPids());
  }

  private runningPids(): Set<number> {
    return this.connections.pids.add(this.context.own.identity.pid);
  }

  private ownContribution(): Contribution {
    const { pid } = this.context.own.identity;
    return {
      worker: { index: this.connections.ownIndex, pid },
      families: this.ownFamilies,
      isCurrent: true,
    };
  }

  private otherWorkers(): KnownWorker[] {
    return Array.from(this.connections, ({ identity, worker: { index }, families }) => ({
      identity,
      index,
      families,
    }));
  }

  private async save(workers: readonly KnownWorker[]): Promise<void> {
    if (this.isOver) return;
    await this.context.totals.write({ workers, departed: this.departed.families });
  }
}
