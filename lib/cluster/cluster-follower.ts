import type { Socket } from 'node:net';
import type { MetricFamily } from '../metrics/snapshot.js';
import { resultWithin, withinTime } from '../primitives/deadline.js';
import type { ClusterContext } from './cluster-context.js';
import { type CollectRequest, type FollowerMessage, type LeaderMessage, PROTOCOL } from './messages.js';
import { MessageStream } from './message-stream.js';
import { SnapshotDecoder, SnapshotEncoder } from './snapshot-codec.js';
import { unref } from '../primitives/unref.js';

/** Number of pings within the time that a leader may be silent. */
const PINGS = 5;

/** A worker's connection to the leader: it reports its own metrics and requests those of all workers. */
export class ClusterFollower {
  private readonly stream: MessageStream;
  private readonly encoder = new SnapshotEncoder();
  private readonly decoder: SnapshotDecoder;
  private readonly requests = new Map<number, Deferred<readonly MetricFamily[]>>();
  private readonly welcomed = deferred<void>();
  private readonly left = deferred<void>();
  private readonly noted = deferred<boolean>();
  private readonly ended = deferred<void>();
  private lastRequest = 0;
  private pings: NodeJS.Timeout | undefined;
  private unansweredPings = 0;
  private isLost = false;

  /** @param lost called once, when the connection has ended */
  constructor(
    private readonly context: ClusterContext,
    socket: Socket,
    private readonly lost: () => void,
  ) {
    this.decoder = new SnapshotDecoder(context.defaultLabels);
    this.welcomed.promise.catch(() => undefined);
    this.stream = new MessageStream(socket, context.maxMessageBytes, {
      message: (message) => this.receive(message as LeaderMessage),
      closed: () => this.end(),
    });
    this.send({ kind: 'hello', protocol: PROTOCOL, identity: context.own.identity });
  }

  /** True once the connection has ended. */
  get hasEnded(): boolean {
    return this.isLost;
  }

  /** Waits for the welcome of the leader; rejects if it does not come in time. */
  async connected(): Promise<void> {
    const { timeoutMs, leaderTimeoutMs } = this.context;
    await withinTime(this.welcomed.promise, timeoutMs, { message: silence(timeoutMs) });
    this.pings = unref(setInterval(() => this.ping(), leaderTimeoutMs / PINGS));
  }

  /** Requests the merged metrics of all workers; rejects if the leader does not respond in time. */
  async collect(request: CollectRequest): Promise<readonly MetricFamily[]> {
    const id = ++this.lastRequest;
    const response = deferred<readonly MetricFamily[]>();
    this.requests.set(id, response);
    if (this.isLost) response.reject(leaderLost());
    else this.send({ kind: 'merge', id, ...request });
    try {
      // Twice, because the leader may finish another collection first.
      const limitMs = 2 * request.timeoutMs + this.context.timeoutMs;
      return await withinTime(response.promise, limitMs, { message: silence(limitMs) });
    } finally {
      this.requests.delete(id);
    }
  }

  /**
   * Announces that this worker is about to leave.
   *
   * @returns false if the leader leaves too and may rely on this worker, or does not respond
   */
  async announceEnd(timeoutMs: number): Promise<boolean> {
    if (this.isLost) return false;
    this.send({ kind: 'ending' });
    return (await resultWithin(this.noted.promise, timeoutMs)) ?? false;
  }

  /** Waits until the connection has ended, or the time limit is exceeded. */
  async untilEnded(timeoutMs: number): Promise<void> {
    await resultWithin(this.ended.promise, timeoutMs);
  }

  /** Leaves the cluster, after reporting the final metrics. */
  async leave(): Promise<void> {
    const { own, timeoutMs } = this.context;
    if (this.isLost) return;
    const families = await own.collect({ exponential: true, timeoutMs });
    this.send({ kind: 'leave', families: this.encoder.encode(families) });
    await resultWithin(this.left.promise, timeoutMs).catch(() => undefined);
    this.end();
  }

  /** Ends the connection. */
  end(): void {
    if (this.isLost) return;
    this.isLost = true;
    clearInterval(this.pings);
    this.stream.close();
    const reason = leaderLost();
    this.welcomed.reject(reason);
    this.left.resolve();
    this.noted.resolve(false);
    this.ended.resolve();
    for (const request of this.requests.values()) request.reject(reason);
    this.lost();
  }

  private receive(message: LeaderMessage): void {
    this.unansweredPings = 0;
    switch (message.kind) {
      case 'welcome':
        this.welcomed.resolve();
        break;
      case 'collect':
        void this.report(message);
        break;
      case 'merged': {
        const families = this.decoder.decode(message.families);
        this.requests.get(message.id)?.resolve(families);
        break;
      }
      case 'left':
        this.left.resolve();
        break;
      case 'noted':
        this.noted.resolve(message.goesOn);
        break;
      case 'pong':
        break;
      default:
        throw new Error('unknown message kind');
    }
  }

  private async report({ id, ...request }: Extract<LeaderMessage, { kind: 'collect' }>): Promise<void> {
    const families = await this.context.own.collect(request);
    this.send({ kind: 'collected', id, families: this.encoder.encode(families) });
  }

  /** Counts pings rather than time, because a busy worker reads the responses of the leader late. */
  private ping(): void {
    if (this.unansweredPings >= PINGS) this.end();
    else {
      this.unansweredPings++;
      this.send({ kind: 'ping' });
    }
  }

  private send(message: FollowerMessage): void {
    this.stream.send(message);
  }
}

function leaderLost(): Error {
  return new Error('the connection to the leader has ended');
}

function silence(timeoutMs: number): string {
  return `the leader did not respond within ${timeoutMs} ms`;
}

interface Deferred<T> {
  readonly promise: Promise<T>;
  readonly resolve: (value: T) => void;
  readonly reject: (reason: Error) => void;
}

/** Returns a promise with its functions, since Node 20 has no `Promise.withResolvers()`. */
function deferred<T>(): Deferred<T> {
  let settle: readonly [Deferred<T>['resolve'], Deferred<T>['reject']] | undefined;
  const promise = new Promise<T>((...functions) => (settle = functions));
  return { promise, resolve: (value) => settle?.[0](value), reject: (reason) => settle?.[1](reason) };
}
