/** A Redis server whose statistics are read through a client of the application. */
export interface RedisSource {
  /** Name of the client; for a cluster, with the address of the node. */
  readonly name: string;
  /** Returns the reply to `INFO`. Rejects at once without a connection. */
  readonly info: () => Promise<string>;
}

/** Returns the name of a node of a cluster. */
export function nodeName(client: string, address: string): string {
  return `${client} ${address}`;
}
