import { observeCallback, observeFunction, patchMethod } from '../../primitives/method-patch.js';
import type { OperationWait } from '../operation-waits.js';
import { BatchWait, beginBatchWait, PIPELINE, TRANSACTION } from '../redis/redis-batch.js';
import type { RedisCall, RedisRecorder } from '../redis/redis.recorder.js';
import { stopAll } from '../stop-all.js';
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
  const { guard } = recorder;
  return stopAll([
    patchMethod(client, 'sendCommand', guard, ([command, stream]) => {
      watch.observeCommand(command, stream);
      return undefined;
    }),
    watch.observeAutoPipelines(),
  ]);
}

class IoRedisWatch {
  private readonly isCluster: boolean;
  /** The `resolve` functions of observed commands, which recognize a command that is sent again. */
  private readonly observed = new WeakSet<Settle>();
  /** The commands since `MULTI`. The reply to `EXEC` has their replies. */
  private queued: RedisCall[] | undefined;
  /** The waits for pipelines, by the stream to which a pipeline writes all its commands. */
  private readonly pipelines = new WeakMap<object, BatchWait>();
  /** The commands that ioredis has put into a pipeline by itself and sends later, with the waits for them. */
  private readonly autoPipelined = new WeakMap<object, OperationWait | undefined>();

  constructor(
    private readonly client: IoRedisClient,
    private readonly name: string,
    private readonly recorder: RedisRecorder,
  ) {
    this.isCluster = (client as { readonly isCluster?: unknown }).isCluster === true;
  }

  observeCommand(command: unknown, stream: unknown): void {
    if (!isCommand(command) || this.observed.has(command.resolve)) return;
    const isHandshake = this.client.status === 'connect' && HANDSHAKE.has(command.name);
    const call = isHandshake ? undefined : this.begin(command, stream);
    if (call !== undefined) this.observe(command, call, this.transactionOf(command.name, call));
    this.observed.add(command.resolve);
  }

  /**
   * Observes the pipelines that ioredis creates by itself for the commands of one turn of the event loop. The commands
   * belong to the operations that call them, and not to the one in whose turn they are sent.
   *
   * @returns a function that stops the observation
   */
  observeAutoPipelines(): () => void {
    const { recorder } = this;
    const { guard } = recorder;
    const { _autoPipelines: pipelines, options } = this.client as AutoPipelining;
    const isUsed = options?.enableAutoPipelining === true && pipelines instanceof Map;
    if (!isUsed || recorder.operations === undefined) return () => undefined;
    return patchMethod(this.client, 'pipeline', guard, () => ({
      returned: (pipeline) => {
        patchMethod(pipeline as object, 'sendCommand', guard, ([command]) => {
          const isAuto = [...pipelines.values()].includes(pipeline);
          if (isAuto && isCommand(command)) {
            this.autoPipelined.set(command, recorder.beginWait(command.name));
          }
          return undefined;
        });
      },
    }));
  }

  private begin(command: Command, stream: unknown): RedisCall | undefined {
    const { name, recorder } = this;
    if (!isPipeline(stream)) return recorder.begin(name, command.name);
    return recorder.beginWithin(name, command.name, this.pipedWaitOf(command, stream));
  }

  /** Returns the wait for a command of a pipeline. */
  private pipedWaitOf(command: Command, stream: object): OperationWait | undefined {
    if (this.autoPipelined.has(command)) return this.autoPipelined.get(command);
    let pipeline = this.pipelines.get(stream);
    if (pipeline === undefined) {
      const wait = beginBatchWait(this.recorder, command.name === 'multi' ? TRANSACTION : PIPELINE);
      if (wait === undefined) return undefined;
      this.pipelines.set(stream, (pipeline = new BatchWait(wait)));
    }
    return pipeline.join();
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

/** The state of a client that puts the commands of one turn of the event loop into pipelines. */
interface AutoPipelining {
  readonly options?: { readonly enableAutoPipelining?: unknown };
  readonly _autoPipelines?: unknown;
}

/** Returns true for the stream that collects the commands of a pipeline. */
function isPipeline(stream: unknown): stream is object {
  return (
    typeof stream === 'object' && stream !== null && 'isPipeline' in stream && stream.isPipeline === true
  );
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
