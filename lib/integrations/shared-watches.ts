interface SharedWatch {
  holders: number;
  readonly end: () => void;
}

/**
 * Watches of objects that may be reached in several ways, such as a client that is in a pool and in a provider: each
 * object is watched once, from the first to the last of those who hold it.
 */
export class SharedWatches {
  private readonly watches = new WeakMap<object, SharedWatch>();

  /**
   * Begins to watch an object, unless somebody does already.
   *
   * @param start begins to watch; returns a function that ends it
   * @returns a function that lets go of the object
   */
  hold(object: object, start: () => () => void): () => void {
    const watch = this.watches.get(object) ?? { holders: 0, end: start() };
    watch.holders++;
    this.watches.set(object, watch);
    let isHeld = true;
    return () => {
      if (!isHeld) return;
      isHeld = false;
      watch.holders--;
      if (watch.holders > 0) return;
      this.watches.delete(object);
      watch.end();
    };
  }
}

/** The watches of the connections of one pool, which do not keep a connection that the pool has dropped. */
export class ConnectionWatches {
  /** What ends a watch holds the connection, and must not be held by anything else. */
  private readonly ends = new WeakMap<object, () => void>();
  private connections: WeakRef<object>[] = [];
  private sweepAt = 16;

  /** @param start begins to watch a connection; returns a function that ends it */
  constructor(private readonly start: (connection: object) => () => void) {}

  /** Begins to watch a connection, unless it is watched already. */
  add(connection: object): void {
    if (this.ends.has(connection)) return;
    this.ends.set(connection, this.start(connection));
    this.connections.push(new WeakRef(connection));
    if (this.connections.length < this.sweepAt) return;
    this.connections = this.connections.filter((reference) => reference.deref() !== undefined);
    this.sweepAt = Math.max(16, this.connections.length * 2);
  }

  /** Leaves every connection as it was found. */
  end(): void {
    for (const reference of this.connections) {
      const connection = reference.deref();
      if (connection !== undefined) this.ends.get(connection)?.();
    }
    this.connections = [];
  }
}
