import type { ModulesContainer } from '@nestjs/core';
import { type ApplicationProvider, ApplicationProviders } from './application-providers.integration.js';
import { type ObjectLocation, type ObjectMatch, type ObjectQuery, ObjectSearch } from './object-search.js';
import { hasAnyOf } from './object-shape.js';
import { isObject } from '../primitives/is-object.js';

/** Number of providers whose properties are read in one scan. */
const PROVIDERS_PER_SCAN = 256;
/** Number of objects without a match that are examined again in one scan. */
const REPEATS_PER_SCAN = 64;
/** Number of rounds over all providers before an object without a match is examined again. */
const ROUNDS_UNTIL_REPEAT = 4;
/** Number of objects with a match that are examined again in one scan. */
const MATCHED_PER_SCAN = 64;
/** Number of searches that are kept; the oldest one is dropped first. */
const MAX_SEARCHES = 64;
/** An object with more properties is a table rather than a provider, and is read only once. */
const MAX_PROPERTIES = 256;

/** The location of an object: a provider, or a property of a provider. */
class Location implements ObjectLocation {
  constructor(
    readonly provider: ApplicationProvider,
    readonly property: string | undefined,
  ) {}

  get text(): string {
    const { name } = this.provider;
    return this.property === undefined ? name : `${name}.${this.property}`;
  }
}

/**
 * The objects of an application: its providers, and the objects in their own properties.
 *
 * All queries of one turn of the event loop share one scan of the application. A scan sees at once: new modules and
 * providers, a client that replaces another one in the same location, and the objects inside a known match. The
 * properties of the other providers are read in slices of {@link PROVIDERS_PER_SCAN}: an application of up to that size
 * is read whole in each scan, one with 2 000 providers in eight scans.
 *
 * All queries examine an object together, and only one that has a mark of some query.
 */
export class ApplicationObjects {
  private readonly providers: ApplicationProviders;
  private readonly searches: ObjectSearch<object>[];
  /** The marks of all searches; undefined if one of them has none. */
  private marks: readonly string[] | undefined;
  /** The location of each object that matches a query. */
  private readonly matched = new Map<object, Location>();
  /** The round in which an object without a match was examined. */
  private readonly examinedIn = new WeakMap<object, number>();
  /** The objects with a mark, which may match later. */
  private readonly marked = new WeakSet<object>();
  private readonly tables = new WeakSet<object>();
  private round = 0;
  private cursor = 0;
  private repeatsLeft = 0;
  private hasScanned = false;
  private isFullScanDue = false;
  /** All objects, for searches that start in this turn. */
  private everything: ReadonlyMap<object, Location> | undefined;

  /** @param queries the queries that the first scan answers; any other one costs a pass over all objects */
  constructor(modules: ModulesContainer, queries: readonly ObjectQuery<object>[] = []) {
    this.searches = queries.map((query) => new ObjectSearch(query));
    this.marks = marksOf(this.searches);
    this.providers = new ApplicationProviders(modules, ApplicationObjects);
  }

  /** Returns each match once, under a unique name: in the order of the providers, later matches last. */
  find<T extends object>(query: ObjectQuery<T>): ObjectMatch<T>[] {
    this.scan();
    const known = this.searches.find((search) => search.isFor(query));
    // The search was made for this type, which only `is` shows.
    const search = (known as ObjectSearch<T> | undefined) ?? this.startSearch(query);
    return search.results();
  }

  /**
   * Makes the next query read all providers, for a moment at which new objects are known to exist. Of the known objects,
   * those with a mark are examined again.
   */
  refresh(): void {
    this.endTurn();
    this.isFullScanDue = true;
  }

  private startSearch<T extends object>(query: ObjectQuery<T>): ObjectSearch<T> {
    const search = new ObjectSearch(query);
    if (this.searches.length === MAX_SEARCHES) this.searches.shift();
    this.searches.push(search);
    this.marks = marksOf(this.searches);
    this.everything ??= this.allObjects();
    for (const [object, location] of this.everything) {
      if (!hasMark(object, search.marks)) continue;
      this.marked.add(object);
      if (search.examine(object, location)) this.matched.set(object, location);
    }
    return search;
  }

  private scan(): void {
    if (this.hasScanned) return;
    this.hasScanned = true;
    queueMicrotask(this.endTurn);
    const isAnyRemoved = this.dropRemoved();
    const created = this.providers.refresh();
    if (this.searches.length === 0) return;
    this.examineMatched();
    this.repeatsLeft = REPEATS_PER_SCAN;
    this.visit(created, this.examineIfDue);
    const { all } = this.providers;
    if (created.length < all.length) {
      // An object that was removed from one location may still be in another.
      const isWhole = this.isFullScanDue || isAnyRemoved;
      this.visit(isWhole ? all : this.nextProviders(), this.examineIfDue);
    }
    this.isFullScanDue = false;
  }

  private readonly endTurn = (): void => {
    this.hasScanned = false;
    this.everything = undefined;
  };

  private dropRemoved(): boolean {
    let isAnyRemoved = false;
    for (const [object, { provider, property }] of this.matched) {
      const owner = provider.instance();
      const value = property === undefined ? owner : isObject(owner) ? valueAt(owner, property) : undefined;
      if (value === object) continue;
      this.matched.delete(object);
      this.examinedIn.delete(object);
      for (const search of this.searches) search.drop(object);
      isAnyRemoved = true;
    }
    return isAnyRemoved;
  }

  /** Examines matched objects again: a data source may have a new pool. */
  private examineMatched(): void {
    let left = Math.min(MATCHED_PER_SCAN, this.matched.size);
    for (const [object, location] of this.matched) {
      if (left-- === 0) return;
      this.matched.delete(object);
      this.examine(object, location);
    }
  }

  private nextProviders(): readonly ApplicationProvider[] {
    const { all } = this.providers;
    const end = this.cursor + PROVIDERS_PER_SCAN;
    const slice = all.slice(this.cursor, end);
    const isRoundOver = end >= all.length;
    this.cursor = isRoundOver ? 0 : end;
    if (isRoundOver) this.round++;
    return slice;
  }

  private readonly examineIfDue = (
    object: object,
    provider: ApplicationProvider,
    property: string | undefined,
  ): void => {
    if (this.matched.has(object)) return;
    const examinedIn = this.examinedIn.get(object);
    if (examinedIn !== undefined && !(this.isFullScanDue && this.marked.has(object))) {
      if (this.round - examinedIn < ROUNDS_UNTIL_REPEAT || this.repeatsLeft === 0) return;
      this.repeatsLeft--;
    }
    if (hasMark(object, this.marks)) {
      this.marked.add(object);
      this.examine(object, new Location(provider, property));
    } else {
      this.examinedIn.set(object, this.round);
    }
  };

  private examine(object: object, location: Location): void {
    let isMatch = false;
    for (const search of this.searches) {
      if (search.examine(object, location)) isMatch = true;
    }
    if (isMatch) this.matched.set(object, location);
    else this.examinedIn.set(object, this.round);
  }

  private allObjects(): Map<object, Location> {
    const everything = new Map<object, Location>();
    this.visit(this.providers.all, (object, provider, property) => {
      if (!everything.has(object)) everything.set(object, new Location(provider, property));
      if (!this.matched.has(object)) this.examinedIn.set(object, this.round);
    });
    return everything;
  }

  /** Visits providers before aliases and properties, so that an object is named after the token that injects it. */
  private visit(
    providers: readonly ApplicationProvider[],
    visitor: ApplicationObjects['examineIfDue'],
  ): void {
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
        const value = valueAt(instance, property);
        if (isObject(value)) visitor(value, provider, property);
      }
    }
  }

  private propertiesOf(object: object): readonly string[] {
    if (this.tables.has(object)) return [];
    try {
      if (ArrayBuffer.isView(object)) return [];
      const properties = Object.getOwnPropertyNames(object);
      if (properties.length <= MAX_PROPERTIES) return properties;
      this.tables.add(object);
      return properties.slice(0, MAX_PROPERTIES);
    } catch {
      // A proxy may refuse to be read.
      return [];
    }
  }
}

/** Returns the value of a data property. A getter is not called, because it may have side effects. */
function valueAt(object: object, property: string): unknown {
  try {
    return property === 'prototype' ? undefined : Object.getOwnPropertyDescriptor(object, property)?.value;
  } catch {
    return undefined;
  }
}

/** Returns the marks of all searches together, or undefined if one of them has none. */
function marksOf(searches: readonly ObjectSearch<object>[]): string[] | undefined {
  const marks = new Set<string>();
  for (const search of searches) {
    if (search.marks === undefined) return undefined;
    for (const mark of search.marks) marks.add(mark);
  }
  return [...marks];
}

function hasMark(object: object, marks: readonly string[] | undefined): boolean {
  return marks === undefined || hasAnyOf(object, marks);
}
