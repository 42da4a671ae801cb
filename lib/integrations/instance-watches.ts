import type { Guard } from '../primitives/guard.js';
import type { ObjectMatch } from './object-search.js';

/** The watches of all instances of one kind in the application, each from its first to its last appearance. */
export class InstanceWatches<T extends object> {
  private readonly stops = new Map<T, () => void>();

  /**
   * @param find returns the instances to watch now
   * @param watch starts to watch an instance; returns a function that stops it
   * @param guard reports errors of both
   */
  constructor(
    private readonly find: () => readonly ObjectMatch<T>[],
    private readonly watch: (match: ObjectMatch<T>) => () => void,
    private readonly guard: Guard,
  ) {}

  /**
   * Starts to watch new instances, and stops watching those that are gone. An instance that cannot be watched is
   * reported once and skipped.
   *
   * @returns all current instances
   */
  refresh(): readonly ObjectMatch<T>[] {
    const matches = this.find();
    const instances = new Set(matches.map(({ instance }) => instance));
    for (const instance of this.stops.keys()) if (!instances.has(instance)) this.detach(instance);
    for (const match of matches) {
      if (!this.stops.has(match.instance)) this.stops.set(match.instance, this.attach(match));
    }
    return matches;
  }

  /** Stops all watches. */
  stop(): void {
    for (const instance of this.stops.keys()) this.detach(instance);
  }

  private attach(match: ObjectMatch<T>): () => void {
    try {
      return this.watch(match);
    } catch (error) {
      this.guard.report(error);
      return () => undefined;
    }
  }

  private detach(instance: T): void {
    const stop = this.stops.get(instance);
    this.stops.delete(instance);
    try {
      stop?.();
    } catch (error) {
      this.guard.report(error);
    }
  }
}
