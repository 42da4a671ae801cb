import { WorkerConnection } from './worker-connection.js';
import { type WorkerIdentity, workerKey } from './worker-identity.js';

/** The connections of the leader to all other workers, connected or not. */
export class WorkerConnections implements Iterable<WorkerConnection> {
  private readonly connections = new Map<string, WorkerConnection>();

  /** @param ownIndex index of the leader, which no other worker gets */
  constructor(public ownIndex = 0) {}

  get size(): number {
    return this.connections.size;
  }

  get hasConnected(): boolean {
    return [...this].some(({ isConnected }) => isConnected);
  }

  /** Process ids of the workers. */
  get pids(): Set<number> {
    return new Set(Array.from(this, ({ worker }) => worker.pid));
  }

  [Symbol.iterator](): Iterator<WorkerConnection> {
    return this.connections.values();
  }

  has(connection: WorkerConnection): boolean {
    return this.connections.get(workerKey(connection.identity)) === connection;
  }

  /** Returns the connection to a worker, which is new if the worker is. */
  for(identity: WorkerIdentity, index = this.freeIndex()): WorkerConnection {
    const key = workerKey(identity);
    let connection = this.connections.get(key);
    if (connection === undefined) {
      connection = new WorkerConnection(identity, index);
      this.connections.set(key, connection);
    }
    return connection;
  }

  delete({ identity }: WorkerConnection): void {
    this.connections.delete(workerKey(identity));
  }

  /** Returns the smallest index that no worker has. */
  freeIndex(): number {
    const taken = new Set([this.ownIndex, ...Array.from(this, ({ worker }) => worker.index)]);
    let free = 0;
    while (taken.has(free)) free++;
    return free;
  }
}
