import type { ModulesContainer } from '@nestjs/core';

/** An object of the application, and what it is known as. */
export interface Found<T extends object> {
  /** Two that are found together have different names. */
  readonly name: string;
  readonly instance: T;
}

/** What is looked for. */
export interface Sought<T extends object> {
  /** Whether it is one. May throw, which is a no. */
  is(candidate: object): candidate is T;
  /** Objects that a candidate holds, and that may be one too. May throw, which is none. */
  within?(candidate: object): readonly unknown[];
  /** What it calls itself, or how it is known by the name of its provider. */
  nameOf?(instance: T, place: string): string | undefined;
}

interface Candidate {
  readonly object: object;
  readonly place: string;
}

/**
 * The objects of an application: what its providers are, and what they hold in properties of their own. Each look is
 * a new one, so that what is made late is found later.
 */
export class ApplicationObjects {
  constructor(private readonly modules: ModulesContainer) {}

  /** Each instance once, in the order of the providers, under a name of its own. */
  find<T extends object>(sought: Sought<T>): Found<T>[] {
    const found = new Map<T, string>();
    const names = new Set<string>();
    for (const { object, place } of this.candidates()) {
      for (const instance of [object, ...objectsWithin(object, sought)]) {
        if (found.has(instance as T) || !isSought(instance, sought)) continue;
        const name = freeName(nameOf(instance, place, sought), names);
        names.add(name);
        found.set(instance, name);
      }
    }
    return [...found].map(([instance, name]) => ({ name, instance }));
  }

  /** Providers before their aliases and what they hold, so that an object has the name by which it is injected. */
  private *candidates(): Iterable<Candidate> {
    const providers = [...this.providers(false)];
    yield* providers;
    yield* this.providers(true);
    for (const { object, place } of providers) {
      for (const [property, held] of ownProperties(object)) {
        yield { object: held, place: `${place}.${property}` };
      }
    }
  }

  private *providers(aliases: boolean): Iterable<Candidate> {
    for (const { providers } of this.modules.values()) {
      for (const [token, wrapper] of providers) {
        // Of what is made for each request, or for each place of use, the container only has a blueprint.
        if (wrapper.isAlias !== aliases || wrapper.isTransient || !wrapper.isDependencyTreeStatic()) continue;
        const instance: unknown = wrapper.instance;
        if (isObject(instance)) yield { object: instance, place: textOf(token) };
      }
    }
  }
}

function isObject(value: unknown): value is object {
  return (typeof value === 'object' && value !== null) || typeof value === 'function';
}

/** Data properties only: a getter may do anything. */
function* ownProperties(object: object): Iterable<[string, object]> {
  try {
    for (const [property, { value }] of Object.entries(Object.getOwnPropertyDescriptors(object))) {
      if (isObject(value) && property !== 'prototype') yield [property, value];
    }
  } catch {
    // A proxy that does not want to be looked at.
  }
}

function objectsWithin<T extends object>(candidate: object, sought: Sought<T>): object[] {
  try {
    return sought.within?.(candidate).filter(isObject) ?? [];
  } catch {
    return [];
  }
}

function isSought<T extends object>(candidate: object, sought: Sought<T>): candidate is T {
  try {
    return sought.is(candidate);
  } catch {
    return false;
  }
}

function nameOf<T extends object>(instance: T, place: string, sought: Sought<T>): string {
  try {
    const name: unknown = sought.nameOf?.(instance, place);
    return typeof name === 'string' && name !== '' ? name : place;
  } catch {
    return place;
  }
}

function freeName(name: string, taken: ReadonlySet<string>): string {
  let free = name;
  for (let number = 2; taken.has(free); number++) free = `${name}.${number}`;
  return free;
}

function textOf(token: unknown): string {
  if (typeof token === 'function') return token.name;
  return typeof token === 'symbol' ? (token.description ?? 'symbol') : String(token);
}
