import { observeCallback, observeFunction, patchMethod } from '../../primitives/method-patch.js';
import type { RedisCall, RedisRecorder } from '../redis/redis-recorder.js';
import type { IoRedisClient } from './ioredis.discovery.js';

type Settle = (value: unknown) => void;

/** A command of ioredis, which may be sent more than once. */
interface Command {
  readonly name: string;
  resolve: Settle;
  reject: Settle;
}

/** The commands by which ioredis itself begins a connection, while it has the status `connect`. */
const HANDSHAKE: ReadonlySet<string> = new Set(['auth', 'client', 'hello', 'info', 'readonly', 'select']);

/** The most commands of a transaction whose replies are looked at one by one. */
const QUEUED_LIMIT = 10_000;

/**
 * Counts the commands of one client or cluster, also those of its pipelines. Its diagnostics channels would tell of
 * every client in the process, and not of which one.
 *
 * @returns a function that ends it
 */
export function watchIoRedis(client: IoRedisClient, name: string, recorder: RedisRecorder): () => void {
  const watch = new IoRedisWatch(client, name, recorder);
  return patchMethod(client, 'sendCommand', recorder.guard, ([command]) => {
    watch.command(command);
    return undefined;
  });
}

class IoRedisWatch {
  private readonly isCluster: boolean;
  /** By which a command that is sent again, after a reconnection, is recognized. */
  private readonly observed = new WeakSet<Settle>();
  /** The commands since `MULTI`, which the reply to `EXEC` tells of. */
  private queued: RedisCall[] | undefined;

  constructor(
    private readonly client: IoRedisClient,
    private readonly name: string,
    private readonly recorder: RedisRecorder,
  ) {
    this.isCluster = (client as { readonly isCluster?: unknown }).isCluster === true;
  }

  command(command: unknown): void {
    if (!isCommand(command) || this.observed.has(command.resolve)) return;
    const isHandshake = this.client.status === 'connect' && HANDSHAKE.has(command.name);
    const call = isHandshake ? undefined : this.recorder.begin(this.name, command.name);
    if (call !== undefined) this.observe(command, call, this.transactionOf(command.name, call));
    this.observed.add(command.resolve);
  }

  /** Not by its promise: to handle the rejection of a promise hides from the application that nobody does. */
  private observe(command: Command, call: RedisCall, ended: readonly RedisCall[]): void {
    const { guard } = this.recorder;
    command.resolve = observeFunction(command.resolve, guard, ([value]) => ({
      // Not before, because a reply that cannot be transformed is rejected by this.
      returned: () => {
        call.end(false);
        failRefused(ended, value);
      },
    }));
    command.reject = observeCallback(command.reject, guard, ([error]) => {
      // A pipeline of a cluster is sent again where it belongs.
      if (!this.isCluster || !isRedirection(error)) call.end(true);
    });
  }

  /** Returns the commands that this one executes. */
  private transactionOf(name: string, call: RedisCall): readonly RedisCall[] {
    const { queued } = this;
    if (name === 'multi') this.queued = [];
    else if (name === 'exec' || name === 'discard') this.queued = undefined;
    else if (queued !== undefined && queued.length < QUEUED_LIMIT) queued.push(call);
    return name === 'exec' ? (queued ?? []) : [];
  }
}

/** Counts the commands of a transaction that were queued and then refused. */
function failRefused(calls: readonly RedisCall[], replies: unknown): void {
  if (!Array.isArray(replies)) return;
  for (const [index, call] of calls.entries()) if (replies[index] instanceof Error) call.failAfterwards();
}

function isCommand(candidate: unknown): candidate is Command {
  if (typeof candidate !== 'object' || candidate === null) return false;
  const { name, resolve, reject } = candidate as Partial<Command>;
  return typeof name === 'string' && typeof resolve === 'function' && typeof reject === 'function';
}

function isRedirection(error: unknown): boolean {
  return error instanceof Error && /^(MOVED|ASK) /.test(error.message);
}
