import type { Socket } from 'node:net';
import type { MetricFamily } from '../metrics/snapshot.js';
import type { MergedWish, WorkerSurroundings } from './cluster-leader.js';
import { type FollowerMessage, type LeaderMessage, PROTOCOL } from './messages.js';
import { MessageStream } from './message.stream.js';
import { SnapshotDecoder, SnapshotEncoder } from './snapshot-codec.js';

/** So often within the time that a leader may be silent it is asked whether it is still there. */
const PINGS = 5;

interface Question {
  answer(families: readonly MetricFamily[]): void;
  fail(reason: Error): void;
}

/** Tells the worker that leads what it wants to know, and asks it for the metrics of all. */
export class ClusterFollower {
  private readonly stream: MessageStream;
  private readonly encoder = new SnapshotEncoder();
  private readonly decoder: SnapshotDecoder;
  private readonly questions = new Map<number, Question>();
  private readonly onWelcome = deferred<void>();
  private readonly onFarewell = deferred<void>();
  private lastQuestion = 0;
  private pings: NodeJS.Timeout | undefined;
  private unanswered = 0;
  private isLost = false;

  /** @param lost is called once, when the leader is there no more */
  constructor(
    private readonly surroundings: WorkerSurroundings,
    socket: Socket,
    private readonly lost: () => void,
  ) {
    this.decoder = new SnapshotDecoder(surroundings.defaultLabels);
    this.onWelcome.promise.catch(() => undefined);
    this.stream = new MessageStream(socket, surroundings.maxMessageBytes, {
      message: (message) => this.receive(message as LeaderMessage),
      closed: () => this.end(),
    });
    this.say({ kind: 'hello', protocol: PROTOCOL, name: surroundings.own.name });
  }

  /** Whether the leader is there no more. */
  get isOver(): boolean {
    return this.isLost;
  }

  /** Resolves when the leader has answered; rejects if it does not. */
  async welcome(leaderTimeoutMs: number): Promise<void> {
    await within(this.surroundings.timeoutMs, this.onWelcome.promise);
    this.pings = setInterval(() => this.ping(), leaderTimeoutMs / PINGS).unref();
  }

  /** The metrics of all workers; rejects if the leader does not answer in time. */
  async ask(wish: MergedWish): Promise<readonly MetricFamily[]> {
    const id = ++this.lastQuestion;
    const { promise, resolve, reject } = deferred<readonly MetricFamily[]>();
    this.questions.set(id, { answer: resolve, fail: reject });
    if (this.isLost) reject(new Error('the leader is gone'));
    else this.say({ kind: 'ask', id, ...wish });
    try {
      // The leader may have begun before, and then begins anew.
      return await within(2 * wish.timeoutMs + this.surroundings.timeoutMs, promise);
    } finally {
      this.questions.delete(id);
    }
  }

  /** Leaves, and says what has been counted until now. */
  async leave(): Promise<void> {
    const { own, timeoutMs } = this.surroundings;
    if (this.isLost) return;
    const families = await own.collect({ exponential: true, timeoutMs });
    this.say({ kind: 'bye', families: this.encoder.encode(families) });
    await within(timeoutMs, this.onFarewell.promise).catch(() => undefined);
    this.end();
  }

  /** Turns away from the leader. */
  end(): void {
    if (this.isLost) return;
    this.isLost = true;
    clearInterval(this.pings);
    this.stream.close();
    const reason = new Error('the leader is gone');
    this.onWelcome.reject(reason);
    this.onFarewell.resolve();
    for (const question of this.questions.values()) question.fail(reason);
    this.lost();
  }

  private receive(message: LeaderMessage): void {
    this.unanswered = 0;
    switch (message.kind) {
      case 'welcome':
        this.onWelcome.resolve();
        break;
      case 'tell':
        void this.tell(message);
        break;
      case 'answer': {
        const families = this.decoder.decode(message.families);
        this.questions.get(message.id)?.answer(families);
        break;
      }
      case 'farewell':
        this.onFarewell.resolve();
        break;
      case 'pong':
        break;
      default:
        throw new Error('the leader said what no leader says');
    }
  }

  private async tell({ id, ...wish }: Extract<LeaderMessage, { kind: 'tell' }>): Promise<void> {
    const families = await this.surroundings.own.collect(wish);
    this.say({ kind: 'told', id, families: this.encoder.encode(families) });
  }

  /** Whoever was busy itself has not read what came meanwhile: only beats that passed in between count. */
  private ping(): void {
    if (this.unanswered >= PINGS) this.end();
    else {
      this.unanswered++;
      this.say({ kind: 'ping' });
    }
  }

  private say(message: FollowerMessage): void {
    this.stream.send(message);
  }
}

interface Deferred<T> {
  readonly promise: Promise<T>;
  readonly resolve: (value: T) => void;
  readonly reject: (reason: Error) => void;
}

function deferred<T>(): Deferred<T> {
  let settle: Omit<Deferred<T>, 'promise'> | undefined;
  const promise = new Promise<T>((resolve, reject) => (settle = { resolve, reject }));
  return { promise, ...settle! };
}

async function within<T>(timeoutMs: number, promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const over = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new Error(`the leader did not answer within ${timeoutMs} ms`)),
      timeoutMs,
    );
  });
  return Promise.race([promise, over]).finally(() => clearTimeout(timer));
}
