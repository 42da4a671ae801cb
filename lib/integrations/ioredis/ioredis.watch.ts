import { observeCallback, observeFunction, patchMethod } from '../../primitives/method-patch.js';
import type { RedisCall, RedisRecorder } from '../redis/redis.recorder.js';
import type { IoRedisClient } from './ioredis.discovery.js';
import { isError } from '../../primitives/is-error.js';

type Settle = (value: unknown) => void;

/** A command of ioredis, which may be sent more than once. Its promise settles by the two functions. */
interface Command {
  readonly name: string;
  resolve: Settle;
  reject: Settle;
}

/** The commands that ioredis itself sends on a new connection, in the status `connect`. */
const HANDSHAKE: ReadonlySet<string> = new Set(['auth', 'client', 'hello', 'info', 'readonly', 'select']);

/** Number of commands of one transaction whose replies are read individually. */
const MAX_QUEUED = 10_000;

/**
 * Records the commands of one client or cluster, including those in pipelines. The diagnostics channels of ioredis are
 * no alternative: they report the commands of all clients in the process, and not by which client.
 *
 * @returns a function that stops the watch
 */
export function watchIoRedis(client: IoRedisClient, name: string, recorder: RedisRecorder): () => void {
  const watch = new IoRedisWatch(client, name, recorder);
  return patchMethod(client, 'sendCommand', recorder.guard, ([command]) => {
    watch.observeCommand(command);
    return undefined;
  });
}

class IoRedisWatch {
  private readonly isCluster: boolean;
  /** The `resolve` functions of observed commands, which recognize a command that is sent again. */
  private readonly observed = new WeakSet<Settle>();
  /** The commands since `MULTI`. The reply to `EXEC` has their replies. */
  private queued: RedisCall[] | undefined;

  constructor(
    private readonly client: IoRedisClient,
    private readonly name: string,
    private readonly recorder: RedisRecorder,
  ) {
    this.isCluster = (client as { readonly isCluster?: unknown }).isCluster === true;
  }

  observeCommand(command: unknown): void {
    if (!isCommand(command) || this.observed.has(command.resolve)) return;
    const isHandshake = this.client.status === 'connect' && HANDSHAKE.has(command.name);
    const call = isHandshake ? undefined : this.recorder.begin(this.name, command.name);
    if (call !== undefined) this.observe(command, call, this.transactionOf(command.name, call));
    this.observed.add(command.resolve);
  }

  /** Observes by the two functions, since to follow the promise would hide an unhandled rejection. */
  private observe(command: Command, call: RedisCall, transaction: readonly RedisCall[]): void {
    const { guard } = this.recorder;
    command.resolve = observeFunction(command.resolve, guard, ([value]) => ({
      // After the call, which itself rejects a reply that it cannot transform.
      returned: () => {
        call.end(false);
        recordRefused(transaction, value);
      },
    }));
    command.reject = observeCallback(command.reject, guard, ([error]) => {
      // A cluster sends a redirected pipeline again, to the right node.
      if (!this.isCluster || !isRedirection(error)) call.end(true);
    });
  }

  /** Returns the queued commands that this one executes, if it is `EXEC`. */
  private transactionOf(name: string, call: RedisCall): readonly RedisCall[] {
    const { queued } = this;
    if (name === 'multi') this.queued = [];
    else if (name === 'exec' || name === 'discard') this.queued = undefined;
    else if (queued !== undefined && queued.length < MAX_QUEUED) queued.push(call);
    return name === 'exec' ? (queued ?? []) : [];
  }
}

/** Records the errors of commands that were queued and then refused in the transaction. */
function recordRefused(calls: readonly RedisCall[], replies: unknown): void {
  if (!Array.isArray(replies)) return;
  for (const [index, call] of calls.entries()) if (isError(replies[index])) call.failAfterwards();
}

function isCommand(candidate: unknown): candidate is Command {
  if (typeof candidate !== 'object' || candidate === null) return false;
  const { name, resolve, reject } = candidate as Partial<Command>;
  return typeof name === 'string' && typeof resolve === 'function' && typeof reject === 'function';
}

function isRedirection(error: unknown): boolean {
  return isError(error) && /^(MOVED|ASK) /.test(error.message);
}
