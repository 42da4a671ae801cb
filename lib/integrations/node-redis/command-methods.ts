import { methodNames } from '../object-shape.js';

/** The method names of node-redis that are command names, such as `GET` or `_CLIENT_ID`. */
const COMMAND = /^_?[A-Z][A-Z0-9]*(_[A-Z0-9]+)*$/;

/** A method that is named like a command, but begins a batch. */
const BATCH = 'MULTI';

/** Returns the methods that send one command each, with the command: `clientGetName` and `CLIENT_GETNAME` send `client`. */
export function commandMethods(client: object): [method: string, command: string][] {
  const names = [...methodNames(client)];
  const commands = new Map(
    names
      .filter((name) => COMMAND.test(name) && name !== BATCH)
      .map((name) => [plain(name), commandOf(name)] as const),
  );
  return names.flatMap((name) => {
    const command = commands.get(plain(name));
    return command === undefined ? [] : [[name, command]];
  });
}

/** Returns the objects with the commands of Redis modules, such as `json`, and the prefix of their commands. */
export function commandNamespaces(client: object): [prefix: string, namespace: object][] {
  return Object.entries(Object.getOwnPropertyDescriptors(client)).flatMap(([name, { value }]) =>
    isNamespace(value, client) ? [[name.toLowerCase(), value]] : [],
  );
}

function isNamespace(value: unknown, client: object): value is object {
  return typeof value === 'object' && value !== null && 'self' in value && value.self === client;
}

function plain(name: string): string {
  return name.replaceAll('_', '').toUpperCase();
}

/** Returns the command of a method: `CLIENT_GETNAME` is a variant of `CLIENT`, but `SORT_RO` is its own command. */
function commandOf(name: string): string {
  return (/^_?[A-Z0-9]+(_RO)?/.exec(name)?.[0] ?? name).toLowerCase();
}
