import type { Dimension } from '../cloudwatch/dimensions.js';

/** One document in the embedded metric format. */
export interface EmbeddedDocument {
  /** JSON without line breaks. */
  readonly line: string;
  readonly bytes: number;
  /** Number of metrics. */
  readonly points: number;
}

/** The definition of a metric in a directive. */
interface EmbeddedDefinition {
  readonly Name: string;
  readonly Unit: string;
  readonly StorageResolution: 1 | 60;
}

/** The settings of the documents of one set of labels. */
interface DocumentSettings {
  readonly namespace: string;
  /** Time of the metrics, in milliseconds since the Unix epoch. */
  readonly timestamp: number;
  readonly maxLineBytes: number;
}

/** Maximum number of metrics in a directive. */
const MAX_METRICS = 100;

/** A builder of the documents of the series with the same labels, which are as few as the limits allow. */
export class DocumentBuilder {
  private readonly head: string;
  private readonly dimensions: string;
  private readonly frameBytes: number;
  private readonly maxBytes: number;
  private readonly documents: EmbeddedDocument[] = [];
  private definitions: string[] = [];
  private members: string[] = [];
  private names = new Set<string>();
  private bytes: number;

  /** @param sets the sets of dimensions under which CloudWatch stores each metric, that with all labels first */
  constructor(
    { namespace, timestamp, maxLineBytes }: DocumentSettings,
    sets: readonly (readonly Dimension[])[],
  ) {
    const { values, keys } = mergedSets(sets);
    this.head = `{"_aws":{"Timestamp":${Math.floor(timestamp)},"CloudWatchMetrics":[{"Namespace":${JSON.stringify(namespace)},"Dimensions":${JSON.stringify(keys)},"Metrics":[`;
    this.dimensions = [...values].map(([name, value]) => memberOf(name, value)).join('');
    this.maxBytes = maxLineBytes;
    this.frameBytes = bytesOf(`${this.head}]}]}${this.dimensions}}\n`);
    this.bytes = this.frameBytes;
  }

  /** Adds a metric. Returns false if no document could hold it. */
  add(definition: EmbeddedDefinition, value: unknown): boolean {
    const text = JSON.stringify(definition);
    const member = memberOf(definition.Name, value);
    const bytes = bytesOf(text) + bytesOf(member) + 1;
    if (this.frameBytes + bytes > this.maxBytes) return false;
    const isFull = this.definitions.length >= MAX_METRICS || this.bytes + bytes > this.maxBytes;
    // Two series of a metric have the same dimensions if their labels differ beyond the limits of CloudWatch only.
    if (isFull || this.names.has(definition.Name)) this.end();
    this.definitions.push(text);
    this.members.push(member);
    this.names.add(definition.Name);
    this.bytes += bytes;
    return true;
  }

  /** Returns the documents. */
  build(): readonly EmbeddedDocument[] {
    if (this.definitions.length > 0) this.end();
    return this.documents;
  }

  private end(): void {
    const line = `${this.head}${this.definitions.join(',')}]}]}${this.dimensions}${this.members.join('')}}`;
    this.documents.push({ line, bytes: this.bytes, points: this.definitions.length });
    this.definitions = [];
    this.members = [];
    this.names = new Set();
    this.bytes = this.frameBytes;
  }
}

/**
 * Returns the values of all dimensions, and the sets by name. A set that has another value for a dimension, since the
 * names of two labels were cut to the same one, is left out.
 */
function mergedSets(sets: readonly (readonly Dimension[])[]) {
  const values = new Map<string, string>();
  const keys: string[][] = [];
  for (const set of sets) {
    if (set.some(({ Name, Value }) => (values.get(Name) ?? Value) !== Value)) continue;
    for (const { Name, Value } of set) values.set(Name, Value);
    keys.push(set.map(({ Name }) => Name));
  }
  return { values, keys };
}

function memberOf(name: string, value: unknown): string {
  return `,${JSON.stringify(name)}:${JSON.stringify(value)}`;
}

function bytesOf(text: string): number {
  return Buffer.byteLength(text);
}
