import { freeName } from '../primitives/free-name.js';
import { isObject } from '../primitives/is-object.js';

/** An object of the application that matches a query. */
export interface ObjectMatch<T extends object> {
  /** Unique among the matches of one query. */
  readonly name: string;
  readonly instance: T;
}

/** A query for objects of the application. Two queries with the same `is` and `within` are the same query. */
export interface ObjectQuery<T extends object> {
  /**
   * Names of properties. An object without any of them neither matches nor has a match inside, and is not examined.
   * Without this, every object is examined.
   */
  readonly marks?: readonly string[];
  /** Returns true for an object that matches. An error counts as false. */
  is(candidate: object): candidate is T;
  /** Returns objects inside a candidate that may match, too. An error counts as none. */
  within?(candidate: object): readonly unknown[];
  /** Returns the name of a match; without one, it is named after its location, such as `OrdersService.pool`. */
  nameOf?(instance: T, location: string): string | undefined;
  /**
   * Returns the object that identifies a match, such as the client behind a proxy. Only the first of several matches
   * with the same identity is returned. An error counts as the match itself.
   */
  identityOf?(instance: T): unknown;
}

/** The location of an object in the application. Its text is asked for only of an object that matches. */
export interface ObjectLocation {
  readonly text: string;
}

interface Hit<T extends object> {
  readonly location: string;
  readonly instances: readonly T[];
}

const NOTHING: readonly never[] = [];

/** The matches of one query among the objects that it has examined. */
export class ObjectSearch<T extends object> {
  /** The hits by examined object. */
  private readonly hits = new Map<object, Hit<T>>();
  private names = new Map<object, string>();
  private matches: readonly ObjectMatch<T>[] | undefined;

  constructor(private readonly query: ObjectQuery<T>) {}

  /** Names of properties, of which an object that may match has one; undefined if any object may match. */
  get marks(): readonly string[] | undefined {
    return this.query.marks;
  }

  /** Returns true if a query is the one of this search. */
  isFor(query: { readonly is: unknown; readonly within?: unknown }): boolean {
    const own: { readonly is: unknown; readonly within?: unknown } = this.query;
    return own.is === query.is && own.within === query.within;
  }

  /** Examines an object and the objects inside it, of which most match nothing. @returns true if any of them matches */
  examine(object: object, location: ObjectLocation): boolean {
    const instances = this.instancesIn(object);
    if (instances.length === 0) {
      this.drop(object);
      return false;
    }
    const known = this.hits.get(object);
    if (known === undefined || !areSame(known.instances, instances)) {
      this.hits.set(object, { location: known?.location ?? location.text, instances });
      this.matches = undefined;
    }
    return true;
  }

  /** Forgets an object that the application no longer has. */
  drop(object: object): void {
    if (this.hits.size > 0 && this.hits.delete(object)) this.matches = undefined;
  }

  /** Returns each match once. A match keeps its name. */
  results(): ObjectMatch<T>[] {
    this.matches ??= this.collect();
    return [...this.matches];
  }

  private collect(): ObjectMatch<T>[] {
    const unique = new Map<object, { readonly instance: T; readonly location: string }>();
    for (const { location, instances } of this.hits.values()) {
      for (const instance of instances) {
        const identity = this.identityOf(instance);
        if (!unique.has(identity)) unique.set(identity, { instance, location });
      }
    }
    // A match keeps its name, so that its series continue.
    const names = new Map([...this.names].filter(([identity]) => unique.has(identity)));
    const used = new Set(names.values());
    for (const [identity, { instance, location }] of unique) {
      if (names.has(identity)) continue;
      const name = freeName(this.nameOf(instance, location), (other) => used.has(other), '.');
      used.add(name);
      names.set(identity, name);
    }
    this.names = names;
    return [...unique].map(([identity, { instance }]) => ({ name: names.get(identity) ?? '', instance }));
  }

  private instancesIn(object: object): readonly T[] {
    const isMatch = this.isMatch(object);
    const within = this.objectsWithin(object);
    if (within.length === 0) return isMatch ? [object] : NOTHING;
    const instances: T[] = isMatch ? [object] : [];
    for (const inner of within) {
      if (isObject(inner) && this.isMatch(inner)) instances.push(inner);
    }
    return instances;
  }

  private isMatch(candidate: object): candidate is T {
    try {
      return this.query.is(candidate);
    } catch {
      return false;
    }
  }

  private objectsWithin(candidate: object): readonly unknown[] {
    try {
      return this.query.within?.(candidate) ?? NOTHING;
    } catch {
      return NOTHING;
    }
  }

  private nameOf(instance: T, location: string): string {
    try {
      const name: unknown = this.query.nameOf?.(instance, location);
      return typeof name === 'string' && name !== '' ? name : location;
    } catch {
      return location;
    }
  }

  private identityOf(instance: T): object {
    try {
      const identity = this.query.identityOf?.(instance);
      return isObject(identity) ? identity : instance;
    } catch {
      return instance;
    }
  }
}

function areSame(some: readonly unknown[], others: readonly unknown[]): boolean {
  return some.length === others.length && some.every((one, index) => one === others[index]);
}
