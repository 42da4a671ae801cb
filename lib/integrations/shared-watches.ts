interface SharedWatch {
  holders: number;
  readonly stop: () => void;
}

/**
 * Reference-counted watches of objects that are reached in several ways, such as a client that is in a pool and in a
 * provider: each object is watched once, from its first to its last holder.
 */
export class SharedWatches {
  private readonly watches = new WeakMap<object, SharedWatch>();

  /**
   * Starts to watch an object, unless it is watched already.
   *
   * @param start starts the watch; returns a function that stops it
   * @returns a function that releases the object
   */
  acquire(object: object, start: () => () => void): () => void {
    const watch = this.watches.get(object) ?? { holders: 0, stop: start() };
    watch.holders++;
    this.watches.set(object, watch);
    let isHeld = true;
    return () => {
      if (!isHeld) return;
      isHeld = false;
      watch.holders--;
      if (watch.holders > 0) return;
      this.watches.delete(object);
      watch.stop();
    };
  }
}

/** Number of connections at which references to collected ones are dropped for the first time. */
const FIRST_SWEEP_AT = 16;

/** The watches of the connections of one pool. They do not keep a connection alive that the pool has dropped. */
export class ConnectionWatches {
  /** A stop function refers to its connection, so only the connection itself may keep it alive. */
  private readonly stops = new WeakMap<object, () => void>();
  private connections: WeakRef<object>[] = [];
  private sweepAt = FIRST_SWEEP_AT;

  /** @param start starts to watch a connection; returns a function that stops it */
  constructor(private readonly start: (connection: object) => () => void) {}

  /** Starts to watch a connection, unless it is watched already. */
  add(connection: object): void {
    if (this.stops.has(connection)) return;
    this.stops.set(connection, this.start(connection));
    this.connections.push(new WeakRef(connection));
    if (this.connections.length < this.sweepAt) return;
    this.connections = this.connections.filter((reference) => reference.deref() !== undefined);
    this.sweepAt = Math.max(FIRST_SWEEP_AT, this.connections.length * 2);
  }

  /** Stops all watches. */
  stop(): void {
    for (const reference of this.connections) {
      const connection = reference.deref();
      if (connection !== undefined) this.stops.get(connection)?.();
    }
    this.connections = [];
  }
}
