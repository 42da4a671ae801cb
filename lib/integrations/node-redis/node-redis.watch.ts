import { observeFunction } from '../../primitives/method-patch.js';
import { hasMethods } from '../object-shape.js';
import { captureOwnCall } from '../own-calls.js';
import { PIPELINE, TRANSACTION } from '../redis/redis-batch.js';
import type { RedisCall, RedisRecorder } from '../redis/redis.recorder.js';
import { stopAll } from '../stop-all.js';
import { patchCluster4, patchSingle4 } from './node-redis-4.patches.js';
import { commandName, NodeRedisCalls } from './node-redis.calls.js';
import { type NodeRedisClient, targetOf } from './node-redis.discovery.js';

/**
 * Records the commands of one client of node-redis 4 or later: a single client, a cluster, a pool or a sentinel. Which
 * methods are patched depends on the kind and the major version.
 *
 * @returns a function that stops the watch
 */
export function watchNodeRedis(client: NodeRedisClient, name: string, recorder: RedisRecorder): () => void {
  const watch = new NodeRedisWatch(new NodeRedisCalls(name, recorder));
  watch.start(targetOf(client));
  return () => watch.stop();
}

class NodeRedisWatch {
  private restores: readonly (() => void)[] = [];
  /** The clients through which a pool, a cluster or a sentinel sends its commands. */
  private readonly members = new Map<object, () => void>();
  /** The command of the current call of a member. */
  private sending: RedisCall | undefined;

  constructor(private readonly calls: NodeRedisCalls) {}

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
    if (hasMethods(client, 'nodeClient')) return patchCluster4(client, this.calls);
    return patchSingle4(client, this.calls);
  }

  /** Patches a single client of node-redis 5 or later, which sends all commands by these three methods. */
  private patchSingle(client: object): (() => void)[] {
    const { calls } = this;
    return [
      calls.observe(client, 'sendCommand', ([args]) => calls.command(commandName(args))),
      calls.observe(client, '_executeMulti', ([commands]) => calls.batch(TRANSACTION, commands)),
      calls.observe(client, '_executePipeline', ([commands]) => calls.batch(PIPELINE, commands)),
    ];
  }

  private patchCluster6(cluster: object): (() => void)[] {
    const { calls } = this;
    return [
      calls.observe(cluster, '_executeWithPolicies', ([parser]) =>
        calls.command(commandName((parser as { readonly redisArgs?: unknown }).redisArgs)),
      ),
      ...calls.patchMulti(cluster),
    ];
  }

  /**
   * Patches a cluster of node-redis 5, or a sentinel. They send a command, also after a redirection, by calling a function
   * with the member to send it through. The name of the command is an argument of the member's method.
   */
  private patchByMembers(client: object): (() => void)[] {
    const { calls } = this;
    return [
      calls.observe(client, '_execute', (args) => {
        const call = calls.unnamedCommand();
        if (call !== undefined) call.args = withLastFunction(args, (send) => this.observeSend(send, call));
        return call;
      }),
      ...(hasMethods(client, '_executeMulti')
        ? [
            calls.observe(client, '_executeMulti', ([, commands]) => calls.batch(TRANSACTION, commands)),
            calls.observe(client, '_executePipeline', ([, commands]) => calls.batch(PIPELINE, commands)),
          ]
        : calls.patchMulti(client)),
      // The lease of a sentinel has the methods of a sentinel.
      calls.observe(client, 'use', (args) => ({
        args: withLastFunction(args, (use) =>
          observeFunction(use, calls.guard, ([lease]) =>
            this.addMember(lease, (it) => this.patchByMembers(it)),
          ),
        ),
      })),
      calls.observe(client, 'acquire', () => ({
        fulfilled: (lease) => this.addMember(lease, (it) => this.patchByMembers(it)),
      })),
    ];
  }

  private observeSend(send: unknown, call: RedisCall): unknown {
    const done = (): void => {
      this.sending = undefined;
    };
    return observeFunction(send, this.calls.guard, ([member]) => {
      this.addMember(member, (it) => [
        this.calls.observe(it, 'sendCommand', ([args]) => {
          this.sending?.name(commandName(args));
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
      this.calls.observe(pool, 'execute', (args) => {
        // The pool runs a waiting function in the context of the call that releases a member.
        const scope = captureOwnCall();
        return {
          args: withLastFunction(args, (work) =>
            observeFunction(work, this.calls.guard, ([member]) => {
              this.addMember(member, (it) => this.patchSingle(it));
              return { scope };
            }),
          ),
        };
      }),
    ];
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
}

/** Returns the arguments of a call with the last function among them replaced. */
function withLastFunction(
  args: readonly unknown[],
  replace: (original: unknown) => unknown,
): readonly unknown[] {
  const position = args.findLastIndex((arg) => typeof arg === 'function');
  return position < 0 ? args : args.with(position, replace(args[position]));
}
