import { type CallObserver, observeFunction } from '../../primitives/method-patch.js';
import { PIPELINE, TRANSACTION } from '../redis/redis-batch.js';
import { commandMethods, commandNamespaces } from './command-methods.js';
import { commandName, type NodeRedisCalls } from './node-redis.calls.js';

/** Patches a single client of node-redis 4, whose commands share no public method, so each one is patched. */
export function patchSingle4(client: object, calls: NodeRedisCalls): (() => void)[] {
  // In legacy mode, the methods take callbacks, and those of the view `v4` return promises.
  const isLegacy = Object.hasOwn(client, 'sendCommand');
  const { v4 } = isLegacy ? (client as { readonly v4?: unknown }) : {};
  return [
    ...(isLegacy
      ? [calls.observe(client, 'sendCommand', (args) => callWithCallback(args, calls))]
      : [
          ...patchCommands(client, calls),
          calls.observe(client, 'sendCommand', ([args]) => calls.command(commandName(args))),
        ]),
    ...(typeof v4 === 'object' && v4 !== null ? patchCommands(v4, calls) : []),
    ...patchScripts(client, calls),
    calls.observe(client, 'multiExecutor', ([commands, , chainId]) =>
      chainId === undefined ? calls.batch(PIPELINE, commands) : transaction(commands, calls),
    ),
  ];
}

/** Patches a cluster of node-redis 4. */
export function patchCluster4(cluster: object, calls: NodeRedisCalls): (() => void)[] {
  return [
    calls.observe(cluster, 'sendCommand', ([, , args]) => calls.command(commandName(args))),
    ...patchScripts(cluster, calls),
    ...calls.patchMulti(cluster),
  ];
}

function patchCommands(client: object, calls: NodeRedisCalls): (() => void)[] {
  const patches = commandMethods(client).map(([method, command]) =>
    calls.observe(client, method, () => calls.command(command)),
  );
  for (const [prefix, namespace] of commandNamespaces(client)) {
    for (const [method, command] of commandMethods(namespace)) {
      patches.push(calls.observe(namespace, method, () => calls.command(`${prefix}.${command}`)));
    }
  }
  return patches;
}

function patchScripts(client: object, calls: NodeRedisCalls): (() => void)[] {
  return [
    calls.observe(client, 'executeScript', () => calls.command('evalsha')),
    calls.observe(client, 'executeFunction', () => calls.command('fcall')),
  ];
}

/** Observes a transaction, whose last reply is the one to `EXEC`, after those to `MULTI` and the queued commands. */
function transaction(commands: unknown, calls: NodeRedisCalls): CallObserver | undefined {
  const batch = calls.batch(TRANSACTION, commands);
  return (
    batch && {
      fulfilled: (replies) => batch.fulfilled((replies as unknown[]).at(-1)),
      rejected: (error) => batch.rejected(error),
    }
  );
}

/** Observes a call with a callback, as in legacy mode. Without a callback, its end cannot be observed. */
function callWithCallback(args: readonly unknown[], calls: NodeRedisCalls): CallObserver | undefined {
  const position = args.length - 1;
  const call = typeof args[position] === 'function' ? calls.command(commandName(args.flat())) : undefined;
  if (call === undefined) return undefined;
  return {
    args: args.with(
      position,
      observeFunction(args[position], calls.guard, ([error]) => {
        call.end(error !== null && error !== undefined);
        return undefined;
      }),
    ),
  };
}
