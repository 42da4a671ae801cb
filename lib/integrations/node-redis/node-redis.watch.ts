import {
  type BeginCall,
  type CallObserver,
  observeFunction,
  patchMethod,
} from '../../primitives/method-patch.js';
import { captureOwnCall } from '../own-calls.js';
import { type BatchKind, PIPELINE, RedisBatch, TRANSACTION } from '../redis/redis-batch.js';
import type { RedisCall, RedisRecorder } from '../redis/redis-recorder.js';
import { hasMethods } from '../object-shape.js';
import { stopAll } from '../stop-all.js';
import { commandMethods, commandNamespaces } from './command-methods.js';
import { type NodeRedisClient, targetOf } from './node-redis.discovery.js';

/**
 * Records the commands of one client of node-redis 4 or later: a single client, a cluster, a pool or a sentinel. Which
 * methods are patched depends on the kind and the major version.
 *
 * @returns a function that stops the watch
 */
export function watchNodeRedis(client: NodeRedisClient, name: string, recorder: RedisRecorder): () => void {
  const watch = new NodeRedisWatch(name, recorder);
  watch.start(targetOf(client));
  return () => watch.stop();
}

class NodeRedisWatch {
  private restores: readonly (() => void)[] = [];
  /** The clients through which a pool, a cluster or a sentinel sends its commands. */
  private readonly members = new Map<object, () => void>();
  /** The command of the current call of a member. */
  private sending: RedisCall | undefined;

  constructor(
    private readonly name: string,
    private readonly recorder: RedisRecorder,
  ) {}

  start(client: object): void {
    this.restores = this.patch(client);
  }

  stop(): void {
    for (const restore of [...this.restores, ...this.members.values()]) restore();
    this.restores = [];
    this.members.clear();
  }

  private patch(client: object): (() => void)[] {
    if (hasMethods(client, '_executeWithPolicies')) return this.patchCluster6(client);
    if (hasMethods(client, '_execute')) return this.patchByMembers(client);
    if (hasMethods(client, '_executeCommand')) return this.patchSingle(client);
    if (hasMethods(client, 'execute')) return this.patchPool(client);
    if (hasMethods(client, 'nodeClient')) return this.patchCluster4(client);
    return this.patchSingle4(client);
  }

  /** Patches a single client of node-redis 5 or later, which sends all commands by these three methods. */
  private patchSingle(client: object): (() => void)[] {
    return [
      this.observe(client, 'sendCommand', ([args]) => this.call(nameIn(args))),
      this.observe(client, '_executeMulti', ([commands]) => this.batch(TRANSACTION, commands)),
      this.observe(client, '_executePipeline', ([commands]) => this.batch(PIPELINE, commands)),
    ];
  }

  /** Patches a single client of node-redis 4, whose commands share no public method, so each one is patched. */
  private patchSingle4(client: object): (() => void)[] {
    // In legacy mode, the methods take callbacks, and those of the view `v4` return promises.
    const isLegacy = Object.hasOwn(client, 'sendCommand');
    const { v4 } = isLegacy ? (client as { readonly v4?: unknown }) : {};
    return [
      ...(isLegacy
        ? [this.observe(client, 'sendCommand', (args) => this.callWithCallback(args))]
        : [
            ...this.patchCommands4(client),
            this.observe(client, 'sendCommand', ([args]) => this.call(nameIn(args))),
          ]),
      ...(typeof v4 === 'object' && v4 !== null ? this.patchCommands4(v4) : []),
      ...this.patchScripts4(client),
      this.observe(client, 'multiExecutor', ([commands, , chainId]) =>
        chainId === undefined ? this.batch(PIPELINE, commands) : this.transaction4(commands),
      ),
    ];
  }

  private patchCommands4(client: object): (() => void)[] {
    const patches = commandMethods(client).map(([method, command]) =>
      this.observe(client, method, () => this.call(command)),
    );
    for (const [prefix, namespace] of commandNamespaces(client)) {
      for (const [method, command] of commandMethods(namespace)) {
        patches.push(this.observe(namespace, method, () => this.call(`${prefix}.${command}`)));
      }
    }
    return patches;
  }

  /** Observes a transaction, whose last reply is the one to `EXEC`, after those to `MULTI` and the queued commands. */
  private transaction4(commands: unknown): CallObserver | undefined {
    const batch = this.batch(TRANSACTION, commands);
    return (
      batch && {
        fulfilled: (replies) => batch.fulfilled((replies as unknown[]).at(-1)),
        rejected: (error) => batch.rejected(error),
      }
    );
  }

  private patchScripts4(client: object): (() => void)[] {
    return [
      this.observe(client, 'executeScript', () => this.call('evalsha')),
      this.observe(client, 'executeFunction', () => this.call('fcall')),
    ];
  }

  private patchCluster4(cluster: object): (() => void)[] {
    return [
      this.observe(cluster, 'sendCommand', ([, , args]) => this.call(nameIn(args))),
      ...this.patchScripts4(cluster),
      ...this.patchMulti(cluster),
    ];
  }

  private patchCluster6(cluster: object): (() => void)[] {
    return [
      this.observe(cluster, '_executeWithPolicies', ([parser]) =>
        this.call(nameIn((parser as { readonly redisArgs?: unknown }).redisArgs)),
      ),
      ...this.patchMulti(cluster),
    ];
  }

  /**
   * Patches a cluster of node-redis 5, or a sentinel. They send a command, also after a redirection, by calling a function
   * with the member to send it through. The name of the command is an argument of the member's method.
   */
  private patchByMembers(client: object): (() => void)[] {
    return [
      this.observe(client, '_execute', (args) => {
        const call = this.recorder.begin(this.name);
        if (call !== undefined) call.args = this.withSend(args, (send) => this.observeSend(send, call));
        return call;
      }),
      ...(hasMethods(client, '_executeMulti')
        ? [
            this.observe(client, '_executeMulti', ([, commands]) => this.batch(TRANSACTION, commands)),
            this.observe(client, '_executePipeline', ([, commands]) => this.batch(PIPELINE, commands)),
          ]
        : this.patchMulti(client)),
      // The lease of a sentinel has the methods of a sentinel.
      this.observe(client, 'use', (args) => ({
        args: this.withSend(args, (use) =>
          observeFunction(use, this.recorder.guard, ([lease]) =>
            this.addMember(lease, (it) => this.patchByMembers(it)),
          ),
        ),
      })),
      this.observe(client, 'acquire', () => ({
        fulfilled: (lease) => this.addMember(lease, (it) => this.patchByMembers(it)),
      })),
    ];
  }

  private observeSend(send: unknown, call: RedisCall): unknown {
    const done = (): void => {
      this.sending = undefined;
    };
    return observeFunction(send, this.recorder.guard, ([member]) => {
      this.addMember(member, (it) => [
        this.observe(it, 'sendCommand', ([args]) => {
          this.sending?.name(nameIn(args));
          return undefined;
        }),
      ]);
      this.sending = call;
      return { returned: done, threw: done };
    });
  }

  /** Patches a pool, which calls functions of its own and of the application with one of its members. */
  private patchPool(pool: object): (() => void)[] {
    return [
      this.observe(pool, 'execute', (args) => {
        // The pool runs a waiting function in the context of the call that releases a member.
        const scope = captureOwnCall();
        return {
          args: this.withSend(args, (work) =>
            observeFunction(work, this.recorder.guard, ([member]) => {
              this.addMember(member, (it) => this.patchSingle(it));
              return { scope };
            }),
          ),
        };
      }),
    ];
  }

  /** Patches the batches that a cluster creates, since it sends them by a private method. */
  private patchMulti(cluster: object): (() => void)[] {
    const observer: CallObserver = { returned: (multi) => this.patchBatch(multi) };
    return ['multi', 'MULTI'].map((method) => this.observe(cluster, method, () => observer));
  }

  private patchBatch(multi: unknown): void {
    if (typeof multi !== 'object' || multi === null) return;
    const commands: unknown[] = [];
    const execute = (kind: BatchKind) => this.batch(kind, commands, (command) => command);
    this.observe(multi, 'addCommand', (args) => void commands.push(nameIn(args.find(Array.isArray))));
    for (const method of ['exec', 'EXEC']) {
      this.observe(multi, method, ([asPipeline]) =>
        // exec(true) calls execAsPipeline().
        asPipeline === true ? undefined : execute(TRANSACTION),
      );
    }
    this.observe(multi, 'execAsPipeline', () => execute(PIPELINE));
  }

  /** Patches a new member, and forgets closed ones. */
  private addMember(member: unknown, patch: (member: object) => (() => void)[]): undefined {
    if (typeof member !== 'object' || member === null) return;
    const target = targetOf(member);
    if (this.members.has(target)) return;
    for (const [known, restore] of this.members) {
      if ((known as { readonly isOpen?: boolean }).isOpen === true) continue;
      restore();
      this.members.delete(known);
    }
    this.members.set(target, stopAll(patch(target)));
  }

  /** Observes a call with a callback, as in legacy mode. Without a callback, its end cannot be observed. */
  private callWithCallback(args: readonly unknown[]): CallObserver | undefined {
    const position = args.length - 1;
    const call = typeof args[position] === 'function' ? this.call(nameIn(args.flat())) : undefined;
    if (call === undefined) return undefined;
    return {
      args: args.with(
        position,
        observeFunction(args[position], this.recorder.guard, ([error]) => {
          call.end(error !== null && error !== undefined);
          return undefined;
        }),
      ),
    };
  }

  /** Returns the arguments of a call with the last function among them replaced. */
  private withSend(args: readonly unknown[], replace: (send: unknown) => unknown): readonly unknown[] {
    const position = args.findLastIndex((arg) => typeof arg === 'function');
    return position < 0 ? args : args.with(position, replace(args[position]));
  }

  private call(command: unknown): RedisCall | undefined {
    return this.recorder.begin(this.name, command ?? '');
  }

  private batch(
    kind: BatchKind,
    commands: unknown,
    nameOf: (command: unknown) => unknown = nameOfQueued,
  ): RedisBatch | undefined {
    if (!Array.isArray(commands)) return undefined;
    return new RedisBatch(this.recorder, this.name, kind, commands.map(nameOf));
  }

  private observe(object: object, method: string, begin: BeginCall): () => void {
    return patchMethod(object, method, this.recorder.guard, begin);
  }
}

/** Returns the name of a queued command. */
function nameOfQueued(command: unknown): unknown {
  return nameIn((command as { readonly args?: unknown }).args);
}

/** Returns the name of a command, which is its first argument. */
function nameIn(args: unknown): unknown {
  return Array.isArray(args) ? (args as unknown[])[0] : undefined;
}
