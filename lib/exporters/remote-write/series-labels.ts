import { OVERFLOW_LABEL } from '../../metrics/labels.js';
import { ProtobufWriter } from '../protobuf/protobuf-writer.js';
import { limitedText, MAX_LABEL_NAME_BYTES, MAX_LABEL_VALUE_BYTES } from './label-limits.js';
import { exportedName } from '../exported-name.js';

/** Field numbers of `TimeSeries` and `Label`. */
const LABELS = 1;
const NAME = 1;
const VALUE = 2;

type Labels = Readonly<Record<string, string>>;

/** One label of the series of a family, with a value that is fixed, or that of a label of each series. */
interface LabelSlot {
  readonly name: string;
  readonly fixed?: string;
  readonly source?: string;
}

/** The labels of one series in the encoding of `TimeSeries`, without its name and `le`, which divide them. */
export interface EncodedLabels {
  /** Labels before `__name__`, which is before all lower-case names. */
  readonly beforeName: Uint8Array;
  /** Labels between `__name__` and `le`. */
  readonly beforeBound: Uint8Array;
  /** Labels after `le`. */
  readonly afterBound: Uint8Array;
}

/**
 * An encoder of the labels of all series of one family, sorted by name, as remote write requires. The labels of the target
 * win over those of a series, which are then called `exported_…`, as when Prometheus scrapes.
 */
export class SeriesLabels {
  private readonly parts: readonly (readonly LabelSlot[])[];

  /** @param target labels of the target, such as `job` and `instance` */
  constructor(labelNames: readonly string[], defaultLabels: Labels, target: Labels) {
    const slots = slotsOf(labelNames, defaultLabels, target);
    this.parts = [
      slots.filter(({ name }) => name < '__name__'),
      slots.filter(({ name }) => name > '__name__' && name < 'le'),
      slots.filter(({ name }) => name > 'le'),
    ];
  }

  /**
   * Encodes the labels of a series that has many time series.
   *
   * @param scratch an empty writer
   */
  encode(labels: Labels, scratch: ProtobufWriter): EncodedLabels {
    const encoded = (part: number): Uint8Array => {
      this.write(part, labels, scratch);
      return scratch.length === 0 ? NOTHING : scratch.take();
    };
    return { beforeName: encoded(0), beforeBound: encoded(1), afterBound: encoded(2) };
  }

  /**
   * Writes labels of a series into a `TimeSeries`. An empty label is left out, since it means no label.
   *
   * @param part 0 for those before `__name__`, 1 for those between it and `le`, 2 for those after `le`
   */
  write(part: number, labels: Labels, writer: ProtobufWriter): void {
    for (const { name, fixed, source } of this.parts[part]!) {
      const value = (source !== undefined ? labels[source] : undefined) ?? fixed ?? '';
      if (value !== '') writeLabel(writer, name, value);
    }
  }
}

const NOTHING = new Uint8Array(0);

/** Returns a label in the encoding of `TimeSeries`. */
export function encodedLabel(name: string, value: string): Uint8Array {
  const writer = new ProtobufWriter(64);
  writeLabel(writer, name, value);
  return writer.take();
}

/** Writes a label of a `TimeSeries` or of an `Exemplar`, whose fields have the same numbers. */
export function writeLabel(writer: ProtobufWriter, name: string, value: string): void {
  const label = writer.open(LABELS);
  writer.string(NAME, name);
  writer.string(VALUE, limitedText(value, MAX_LABEL_VALUE_BYTES));
  writer.close(label);
}

function slotsOf(labelNames: readonly string[], defaultLabels: Labels, target: Labels): LabelSlot[] {
  const own = [...new Set([...labelNames, OVERFLOW_LABEL, ...Object.keys(defaultLabels)])];
  const used = new Set([...own, ...Object.keys(target)]);
  const slots: LabelSlot[] = Object.entries(target).map(([name, fixed]) => ({ name, fixed }));
  for (const source of own) {
    const name = Object.hasOwn(target, source) ? exportedName(source, used) : source;
    const fixed = Object.hasOwn(defaultLabels, source) ? defaultLabels[source] : undefined;
    slots.push({ name, source, ...(fixed !== undefined && { fixed }) });
  }
  return slots
    .map((slot) => ({ ...slot, name: limitedText(slot.name, MAX_LABEL_NAME_BYTES) }))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));
}
