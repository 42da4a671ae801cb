/** An object of the application, and what it is known as. */
export interface Found<T extends object> {
  /** Two that are found together have different names. */
  readonly name: string;
  readonly instance: T;
}

/** A description of the objects to find. Two with the same `is` and `within` are the same one. */
export interface Sought<T extends object> {
  /** Tells whether an object is one. May throw, which is a no. */
  is(candidate: object): candidate is T;
  /** Returns objects that a candidate holds, and that may be one too. May throw, which is none. */
  within?(candidate: object): readonly unknown[];
  /** Returns its own name, or the one that follows from the name of its provider. */
  nameOf?(instance: T, place: string): string | undefined;
  /**
   * Returns the object that stands for an instance, such as the client behind a proxy: of several instances with the
   * same identity only the first is found. May throw, which is the instance.
   */
  identityOf?(instance: T): unknown;
}

interface Hit<T extends object> {
  readonly place: string;
  readonly instances: readonly T[];
}

/** The objects that fit one description, among those that it has been asked about. */
export class ObjectSearch<T extends object> {
  /** By the object that was asked about. */
  private readonly hits = new Map<object, Hit<T>>();
  private names = new Map<object, string>();
  private found: readonly Found<T>[] | undefined;

  constructor(private readonly sought: Sought<T>) {}

  isFor(sought: { readonly is: unknown; readonly within?: unknown }): boolean {
    const own: { readonly is: unknown; readonly within?: unknown } = this.sought;
    return own.is === sought.is && own.within === sought.within;
  }

  /** Looks at an object, and at what it holds. @returns whether any of it fits */
  ask(object: object, place: () => string): boolean {
    const known = this.hits.get(object);
    const instances = this.instancesIn(object);
    if (instances.length === 0) return (this.drop(object), false);
    if (known === undefined || !areSame(known.instances, instances)) {
      this.hits.set(object, { place: known?.place ?? place(), instances });
      this.found = undefined;
    }
    return true;
  }

  /** Forgets an object, which is not there any more. */
  drop(object: object): void {
    if (this.hits.delete(object)) this.found = undefined;
  }

  /** Each that fits once, under a name that it keeps. */
  results(): Found<T>[] {
    this.found ??= this.collect();
    return [...this.found];
  }

  private collect(): Found<T>[] {
    const unique = new Map<object, { readonly instance: T; readonly place: string }>();
    for (const { place, instances } of this.hits.values()) {
      for (const instance of instances) {
        const identity = this.identityOf(instance);
        if (!unique.has(identity)) unique.set(identity, { instance, place });
      }
    }
    // What has a name keeps it: its series go on under that name.
    const names = new Map([...this.names].filter(([identity]) => unique.has(identity)));
    const taken = new Set(names.values());
    for (const [identity, { instance, place }] of unique) {
      if (names.has(identity)) continue;
      const name = freeName(this.nameOf(instance, place), taken);
      taken.add(name);
      names.set(identity, name);
    }
    this.names = names;
    return [...unique].map(([identity, { instance }]) => ({ name: names.get(identity) ?? '', instance }));
  }

  private instancesIn(object: object): T[] {
    const instances: T[] = [];
    if (this.fits(object)) instances.push(object);
    for (const held of this.heldBy(object)) {
      if (isObject(held) && this.fits(held)) instances.push(held);
    }
    return instances;
  }

  private fits(candidate: object): candidate is T {
    try {
      return this.sought.is(candidate);
    } catch {
      return false;
    }
  }

  private heldBy(candidate: object): readonly unknown[] {
    try {
      return this.sought.within?.(candidate) ?? NOTHING;
    } catch {
      return NOTHING;
    }
  }

  private nameOf(instance: T, place: string): string {
    try {
      const name: unknown = this.sought.nameOf?.(instance, place);
      return typeof name === 'string' && name !== '' ? name : place;
    } catch {
      return place;
    }
  }

  private identityOf(instance: T): object {
    try {
      const identity = this.sought.identityOf?.(instance);
      return isObject(identity) ? identity : instance;
    } catch {
      return instance;
    }
  }
}

const NOTHING: readonly unknown[] = [];

export function isObject(value: unknown): value is object {
  return (typeof value === 'object' && value !== null) || typeof value === 'function';
}

function areSame(some: readonly unknown[], others: readonly unknown[]): boolean {
  return some.length === others.length && some.every((one, index) => one === others[index]);
}

function freeName(name: string, taken: ReadonlySet<string>): string {
  let free = name;
  for (let number = 2; taken.has(free); number++) free = `${name}.${number}`;
  return free;
}
