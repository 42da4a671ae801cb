import { ABSENT, TupleIndex } from '../../metrics/tuple-index.js';
import { copyString } from '../../primitives/copy-string.js';

/** The maximum number of different lists of attribute names. */
const MAX_SHAPES = 16;

/** The maximum length of a text that is kept, in UTF-16 code units. */
const MAX_TEXT_LENGTH = 1_024;

/**
 * An index from attributes to a series, for attributes that have been seen before. A search compares every name and every
 * value, so attributes may be changed or created anew for each sample; it allocates nothing.
 *
 * Attributes whose names are the same in the same order have a table of their own. What cannot be indexed, such as arrays
 * and long texts, is not found.
 */
export class AttributeIndex<S> {
  private readonly shapes: Shape<S>[] = [];
  private latest: Shape<S> | undefined;
  private size = 0;

  /** @param limit number of attribute sets that are kept */
  constructor(private readonly limit: number) {}

  /** Returns the series of attributes; undefined if they are not indexed. May throw what a getter throws. */
  find(attributes: object): S | undefined {
    return this.latest?.find(attributes) ?? this.findInOthers(attributes);
  }

  /** Adds attributes, which have no getters, unless they are known or cannot be indexed. */
  add(attributes: Readonly<Record<string, unknown>>, series: S): void {
    if (this.size >= this.limit) return;
    const names = Object.keys(attributes);
    const values = Object.values(attributes);
    if (!names.every(isIndexable) || !values.every(isIndexable)) return;
    const shape = this.shapeOf(names);
    if (shape?.add(values, series) === true) this.size++;
  }

  private findInOthers(attributes: object): S | undefined {
    for (const shape of this.shapes) {
      if (shape === this.latest) continue;
      const series = shape.find(attributes);
      if (series === undefined) continue;
      this.latest = shape;
      return series;
    }
    return undefined;
  }

  private shapeOf(names: readonly string[]): Shape<S> | undefined {
    let shape = this.shapes.find((each) => each.hasNames(names));
    if (shape === undefined && this.shapes.length < MAX_SHAPES) {
      shape = new Shape(names.map(copyString));
      this.shapes.push(shape);
    }
    return shape;
  }
}

/** The indexed attributes with the same names in the same order. */
class Shape<S> {
  private readonly series: S[] = [];
  /** The number of each value of an attribute. A text and a number that look the same have different ones. */
  private readonly valueIds: Map<unknown, number>[];
  private readonly index: TupleIndex;
  private readonly ids: Int32Array;
  /** A number by which a search notices that a getter among the attributes has begun another one. */
  private reading = 0;

  constructor(private readonly names: readonly string[]) {
    this.valueIds = names.map(() => new Map());
    this.index = new TupleIndex(names.length);
    this.ids = new Int32Array(names.length);
  }

  hasNames(names: readonly string[]): boolean {
    return names.length === this.names.length && names.every((name, i) => name === this.names[i]);
  }

  /** Searches on the hot path, where every index is known to be in range. */
  find(attributes: object): S | undefined {
    const { names, valueIds, index, ids } = this;
    const { shifts } = index;
    const turn = ++this.reading;
    let count = 0;
    let key = 0;
    for (const name in attributes) {
      if (names[count] !== name) return undefined;
      const id = valueIds[count]!.get((attributes as Readonly<Record<string, unknown>>)[name]);
      if (id === undefined) return undefined;
      ids[count] = id;
      key ^= id << shifts[count++]!;
    }
    if (count !== names.length || turn !== this.reading) return undefined;
    let slot = index.findKey(key);
    // The key does not identify the attributes once their numbers need more bits than it has.
    if (slot === ABSENT) slot = index.find(ids);
    return slot === ABSENT ? undefined : this.series[slot];
  }

  /** @returns false if the attributes are known already */
  add(values: readonly unknown[], series: S): boolean {
    const ids = Int32Array.from(values, (value, i) => this.idOf(this.valueIds[i]!, value));
    if (this.index.find(ids) !== ABSENT) return false;
    this.series[this.index.add(ids)] = series;
    return true;
  }

  private idOf(ids: Map<unknown, number>, value: unknown): number {
    const known = ids.get(value);
    if (known !== undefined) return known;
    ids.set(typeof value === 'string' ? copyString(value) : value, ids.size);
    return ids.size - 1;
  }
}

function isIndexable(value: unknown): boolean {
  if (typeof value === 'string') return value.length <= MAX_TEXT_LENGTH;
  return typeof value === 'number' || typeof value === 'boolean' || value === undefined || value === null;
}
