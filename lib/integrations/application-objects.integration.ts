import type { ModulesContainer } from '@nestjs/core';
import { type ApplicationProvider, ApplicationProviders } from './application-providers.integration.js';
import { type Found, isObject, ObjectSearch, type Sought } from './object-search.js';

export type { Found, Sought } from './object-search.js';

/** Providers whose properties are read anew in one look. */
const PROVIDERS_PER_LOOK = 256;
/** Objects without a match that are asked about once more in one look. */
const REPEATS_PER_LOOK = 64;
/** Rounds over all providers before an object without a match is asked about once more. */
const ROUNDS_UNTIL_REPEAT = 4;
/** Objects with a match that are asked about once more in one look. */
const HOLDERS_PER_LOOK = 64;
/** Descriptions that are remembered; beyond it, the oldest is forgotten. */
const MAX_SEARCHES = 64;
/** An object with more properties is a table rather than a provider, and is read only once. */
const MAX_PROPERTIES = 256;

/** The position of an object: a provider, or a property of one. */
interface Place {
  readonly provider: ApplicationProvider;
  readonly property: string | undefined;
}

/**
 * The objects of an application: its providers, and what they hold in properties of their own.
 *
 * All questions of one turn of the event loop share one look at the application. A look finds at once: new modules and
 * providers, clients that were replaced where one was before, and what a client that is known holds. The properties of
 * all other providers are read in slices of {@link PROVIDERS_PER_LOOK} a look, so that an application of that size is
 * seen whole each time, and one of 2 000 providers every eight looks.
 */
export class ApplicationObjects {
  private readonly providers: ApplicationProviders;
  private readonly searches: ObjectSearch<object>[] = [];
  /** What has a match of some search, and where it is. */
  private readonly holders = new Map<object, Place>();
  /** By object without a match: the round in which it was asked about. */
  private readonly asked = new WeakMap<object, number>();
  private readonly large = new WeakSet<object>();
  private round = 0;
  private cursor = 0;
  private repeats = 0;
  private hasLooked = false;
  private isWhole = false;
  /** Everything there is, for searches that begin in this turn. */
  private everything: ReadonlyMap<object, Place> | undefined;

  constructor(modules: ModulesContainer) {
    this.providers = new ApplicationProviders(modules);
  }

  /** Returns each instance once, under a name of its own: at first in the order of the providers, later ones last. */
  find<T extends object>(sought: Sought<T>): Found<T>[] {
    this.look();
    const known = this.searches.find((search) => search.isFor(sought));
    // The search was made for this type: only `is` tells it.
    const search = (known as ObjectSearch<T> | undefined) ?? this.begin(sought);
    return search.results();
  }

  /** Makes the next question ask every object anew, for a moment at which objects are known to have been made. */
  refresh(): void {
    this.endTurn();
    this.isWhole = true;
  }

  private begin<T extends object>(sought: Sought<T>): ObjectSearch<T> {
    const search = new ObjectSearch(sought);
    if (this.searches.length === MAX_SEARCHES) this.searches.shift();
    this.searches.push(search);
    this.everything ??= this.walk();
    for (const [object, place] of this.everything) {
      if (search.ask(object, () => textOf(place))) this.holders.set(object, place);
    }
    return search;
  }

  private look(): void {
    if (this.hasLooked) return;
    this.hasLooked = true;
    queueMicrotask(this.endTurn);
    const isAnyGone = this.dropGone();
    const made = this.providers.refresh();
    if (this.searches.length === 0) return;
    this.askHolders();
    this.repeats = REPEATS_PER_LOOK;
    this.visit(made, this.meet);
    // What is gone from one place may still be in another.
    this.visit(this.isWhole || isAnyGone ? this.providers.all : this.nextProviders(), this.meet);
    this.isWhole = false;
  }

  private readonly endTurn = (): void => {
    this.hasLooked = false;
    this.everything = undefined;
  };

  private dropGone(): boolean {
    let isAnyGone = false;
    for (const [object, { provider, property }] of this.holders) {
      const owner = provider.instance();
      const value = property === undefined ? owner : isObject(owner) ? valueAt(owner, property) : undefined;
      if (value === object) continue;
      this.holders.delete(object);
      this.asked.delete(object);
      for (const search of this.searches) search.drop(object);
      isAnyGone = true;
    }
    return isAnyGone;
  }

  /** A holder may hold another one than before, such as the new pool of a data source. */
  private askHolders(): void {
    let left = Math.min(HOLDERS_PER_LOOK, this.holders.size);
    for (const [object, place] of this.holders) {
      if (left-- === 0) return;
      this.holders.delete(object);
      this.ask(object, place);
    }
  }

  private nextProviders(): readonly ApplicationProvider[] {
    const { all } = this.providers;
    const end = this.cursor + PROVIDERS_PER_LOOK;
    const slice = all.slice(this.cursor, end);
    const isRoundOver = end >= all.length;
    this.cursor = isRoundOver ? 0 : end;
    if (isRoundOver) this.round++;
    return slice;
  }

  private readonly meet = (
    object: object,
    provider: ApplicationProvider,
    property: string | undefined,
  ): void => {
    if (this.holders.has(object)) return;
    const askedIn = this.asked.get(object);
    if (askedIn !== undefined && !this.isWhole) {
      if (this.round - askedIn < ROUNDS_UNTIL_REPEAT || this.repeats === 0) return;
      this.repeats--;
    }
    this.ask(object, { provider, property });
  };

  private ask(object: object, place: Place): void {
    let fits = false;
    for (const search of this.searches) {
      if (search.ask(object, () => textOf(place))) fits = true;
    }
    if (fits) this.holders.set(object, place);
    else this.asked.set(object, this.round);
  }

  private walk(): Map<object, Place> {
    const everything = new Map<object, Place>();
    this.visit(this.providers.all, (object, provider, property) => {
      if (!everything.has(object)) everything.set(object, { provider, property });
      if (!this.holders.has(object)) this.asked.set(object, this.round);
    });
    return everything;
  }

  /** Providers before their aliases and what they hold, so that an object has the name by which it is injected. */
  private visit(providers: readonly ApplicationProvider[], visitor: ApplicationObjects['meet']): void {
    for (const isAlias of [false, true]) {
      for (const provider of providers) {
        if (provider.isAlias !== isAlias) continue;
        const instance = provider.instance();
        if (isObject(instance)) visitor(instance, provider, undefined);
      }
    }
    for (const provider of providers) {
      const instance = provider.isAlias ? undefined : provider.instance();
      if (!isObject(instance)) continue;
      for (const property of this.propertiesOf(instance)) {
        const held = valueAt(instance, property);
        if (isObject(held)) visitor(held, provider, property);
      }
    }
  }

  private propertiesOf(object: object): readonly string[] {
    if (this.large.has(object)) return [];
    try {
      if (ArrayBuffer.isView(object)) return [];
      const properties = Object.getOwnPropertyNames(object);
      if (properties.length <= MAX_PROPERTIES) return properties;
      this.large.add(object);
      return properties.slice(0, MAX_PROPERTIES);
    } catch {
      // A proxy that does not want to be looked at.
      return [];
    }
  }
}

function textOf({ provider, property }: Place): string {
  return property === undefined ? provider.name : `${provider.name}.${property}`;
}

/** Data properties only: a getter may do anything. */
function valueAt(object: object, property: string): unknown {
  try {
    return property === 'prototype' ? undefined : Object.getOwnPropertyDescriptor(object, property)?.value;
  } catch {
    return undefined;
  }
}
