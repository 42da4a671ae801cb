import { escapeLabelValue, renderLabel } from './label-escaping.js';
import { OVERFLOW_LABEL } from './labels.js';

/**
 * The exposition prefixes of the series of one metric; see `SeriesIdentities`. Their pieces are joined instead of
 * concatenated, since a prefix is kept and V8 keeps the pieces of a concatenated string.
 */
export class ExpositionPrefixes {
  /** The prefix of the overflow series. */
  readonly overflow: string;
  /** The pieces of a prefix; the label values stand at the odd indexes. */
  private readonly pieces: string[];
  /** The label values in the pieces before they were escaped: most series share values with the one before. */
  private readonly latest: string[] = [];

  constructor(
    name: string,
    isHistogram: boolean,
    labelNames: readonly string[],
    defaultLabels: Readonly<Record<string, string>>,
  ) {
    const defaults = Object.entries(defaultLabels)
      .filter(([label]) => !labelNames.includes(label))
      .map(([label, value]) => renderLabel(label, value));
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

  /** Returns the prefix of a series. @param values label values in the order of the label names */
  of(values: readonly string[]): string {
    const { pieces, latest } = this;
    for (let i = 0; i < values.length; i++) {
      const value = values[i]!;
      if (value === latest[i]) continue;
      latest[i] = value;
      pieces[2 * i + 1] = escapeLabelValue(value);
    }
    return pieces.join('');
  }
}
