import type { Guard } from '../../primitives/guard.js';
import { type BeginCall, type CallObserver, patchMethod } from '../../primitives/method-patch.js';
import { type BatchKind, PIPELINE, RedisBatch, TRANSACTION } from '../redis/redis-batch.js';
import type { RedisCall, RedisRecorder } from '../redis/redis.recorder.js';

/** The recorder of one client of node-redis: its commands, its batches, and the patches that observe both. */
export class NodeRedisCalls {
  readonly guard: Guard;

  constructor(
    private readonly client: string,
    private readonly recorder: RedisRecorder,
  ) {
    this.guard = recorder.guard;
  }

  /** Begins to record a command; returns undefined for an own call. */
  command(name: unknown): RedisCall | undefined {
    return this.recorder.begin(this.client, name ?? '');
  }

  /** Begins to record a command whose name becomes known later; returns undefined for an own call. */
  unnamedCommand(): RedisCall | undefined {
    return this.recorder.begin(this.client);
  }

  /** Begins to record a batch. */
  batch(
    kind: BatchKind,
    commands: unknown,
    nameOf: (command: unknown) => unknown = nameOfQueued,
  ): RedisBatch | undefined {
    if (!Array.isArray(commands)) return undefined;
    return new RedisBatch(this.recorder, this.client, kind, commands.map(nameOf));
  }

  /** Patches a method. @returns a function that removes the patch */
  observe(object: object, method: string, begin: BeginCall): () => void {
    return patchMethod(object, method, this.guard, begin);
  }

  /** Patches the batches that a cluster creates, since it sends them by a private method. */
  patchMulti(cluster: object): (() => void)[] {
    const observer: CallObserver = { returned: (multi) => this.patchBatch(multi) };
    return ['multi', 'MULTI'].map((method) => this.observe(cluster, method, () => observer));
  }

  private patchBatch(multi: unknown): void {
    if (typeof multi !== 'object' || multi === null) return;
    const commands: unknown[] = [];
    const execute = (kind: BatchKind) => this.batch(kind, commands, (command) => command);
    this.observe(multi, 'addCommand', (args) => void commands.push(commandName(args.find(Array.isArray))));
    for (const method of ['exec', 'EXEC']) {
      this.observe(multi, method, ([asPipeline]) =>
        // exec(true) calls execAsPipeline().
        asPipeline === true ? undefined : execute(TRANSACTION),
      );
    }
    this.observe(multi, 'execAsPipeline', () => execute(PIPELINE));
  }
}

/** Returns the name of a command, which is its first argument. */
export function commandName(args: unknown): unknown {
  return Array.isArray(args) ? (args as unknown[])[0] : undefined;
}

function nameOfQueued(command: unknown): unknown {
  return commandName((command as { readonly args?: unknown }).args);
}
