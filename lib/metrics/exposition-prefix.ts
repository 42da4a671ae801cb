import { renderLabel } from './label-escaping.js';
import { OVERFLOW_LABEL } from './labels.js';

/** The exposition prefixes of the series of one metric; see `SeriesIdentities`. */
export class ExpositionPrefixes {
  /** True if the text around a label value depends on it. */
  readonly isSparse: boolean = false;
  /** The prefix of the overflow series. */
  readonly overflow: string;
  /** The pieces of a prefix; the label values stand at the odd indexes. */
  private readonly pieces: string[];

  constructor(
    name: string,
    isHistogram: boolean,
    labelNames: readonly string[],
    defaultLabels: Readonly<Record<string, string>>,
  ) {
    const defaults = defaultsBeside(labelNames, defaultLabels);
    const start = isHistogram ? `${name}_bucket` : name;
    const end = isHistogram ? ',' : '} ';
    this.overflow = `${start}{${[...defaults, renderLabel(OVERFLOW_LABEL, 'true')].join(',')}${end}`;
    if (labelNames.length > 0) {
      this.pieces = labelNames.flatMap((label, i) => [
        i > 0 ? `",${label}="` : `${start}{${[...defaults, label].join(',')}="`,
        '',
      ]);
      this.pieces.push(`"${end}`);
    } else if (defaults.length > 0) this.pieces = [`${start}{${defaults.join(',')}${end}`];
    else this.pieces = [isHistogram ? `${start}{` : `${start} `];
  }

  /**
   * Returns the prefix of a series. It is joined, since V8 keeps the pieces of a concatenated string.
   *
   * @param values escaped label values in the order of the label names
   */
  of(values: readonly string[]): string {
    return this.filled(values).join('');
  }

  /** Returns the text before and after one label value in the prefix of a series. */
  around(values: readonly string[], position: number): readonly [before: string, after: string] {
    const pieces = this.filled(values);
    const at = 2 * position + 1;
    return [pieces.slice(0, at).join(''), pieces.slice(at + 1).join('')];
  }

  private filled(values: readonly string[]): readonly string[] {
    for (let i = 0; i < values.length; i++) this.pieces[2 * i + 1] = values[i]!;
    return this.pieces;
  }
}

/** The exposition prefixes of series most of which lack some labels: a label without a value is left out. */
export class SparsePrefixes extends ExpositionPrefixes {
  override readonly isSparse = true;
  private readonly start: string;
  private readonly defaults: string;

  constructor(
    name: string,
    private readonly isHistogram: boolean,
    private readonly labelNames: readonly string[],
    defaultLabels: Readonly<Record<string, string>>,
  ) {
    super(name, isHistogram, labelNames, defaultLabels);
    this.start = isHistogram ? `${name}_bucket` : name;
    this.defaults = defaultsBeside(labelNames, defaultLabels).join(',');
  }

  override of(values: readonly string[]): string {
    let labels = this.defaults;
    for (let i = 0; i < values.length; i++) {
      if (values[i] !== '') labels += `${labels === '' ? '' : ','}${this.labelNames[i]}="${values[i]}"`;
    }
    if (labels === '') return this.isHistogram ? `${this.start}{` : `${this.start} `;
    return `${this.start}{${labels}${this.isHistogram ? ',' : '} '}`;
  }
}

/** Returns the default labels that the labels of a metric do not override, rendered. */
function defaultsBeside(
  labelNames: readonly string[],
  defaultLabels: Readonly<Record<string, string>>,
): string[] {
  return Object.entries(defaultLabels)
    .filter(([label]) => !labelNames.includes(label))
    .map(([label, value]) => renderLabel(label, value));
}
