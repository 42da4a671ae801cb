/** The name of a command among the methods of a client of node-redis. */
const COMMAND = /^_?[A-Z][A-Z0-9]*(_[A-Z0-9]+)*$/;

/** Methods that are named like commands and begin a batch instead of sending one. */
const BATCH = 'MULTI';

/**
 * Returns the methods that send one command each, such as `CLIENT_GETNAME` and `clientGetName`, with the name of that
 * command, `client`.
 */
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

/** Returns the objects that have the commands of modules, such as `json`, with the prefix of those. */
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

/** `CLIENT_GETNAME` is a variant of `CLIENT`; `SORT_RO` is a command. */
function commandOf(name: string): string {
  return /^_?[A-Z0-9]+(_RO)?/.exec(name)![0].toLowerCase();
}

function* methodNames(client: object): Iterable<string> {
  for (
    let home: object | null = client;
    home !== null && home !== Object.prototype;
    home = Object.getPrototypeOf(home) as object | null
  ) {
    for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(home))) {
      if (typeof value === 'function') yield name;
    }
  }
}
