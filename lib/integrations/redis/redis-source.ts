/** A server that a client is connected to, of which statistics are read. */
export interface RedisSource {
  /** The name of the client; in a cluster, with the address of the node. */
  readonly name: string;
  /** Returns the reply to `INFO`; rejects at once where there is no connection. */
  readonly info: () => Promise<string>;
}

/** Returns the name of one node of a cluster. */
export function nodeName(client: string, address: string): string {
  return `${client} ${address}`;
}
