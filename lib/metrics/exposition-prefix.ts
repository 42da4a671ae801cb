import { renderLabel } from './label-escaping.js';
import { OVERFLOW_LABEL } from './labels.js';

/**
 * The exposition prefixes of the series of one metric; see `SeriesIdentities`. Most series differ from the one before in
 * one label only, the same one for a long stretch: the text on both sides of it is then joined once.
 */
export class ExpositionPrefixes {
  /** The prefix of the overflow series. */
  readonly overflow: string;
  /** The pieces of a prefix; the label values stand at the odd indexes. */
  private readonly pieces: string[];
  /** The index of the piece that differed alone from the latest prefix; -1 if none or several did. */
  private varying = -1;
  /** The text before and after the varying piece, joined when a second prefix in a row differs in it alone. */
  private around: readonly [before: string, after: string] | undefined;

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

  /**
   * Returns the prefix of a series as one piece of text, to be kept: V8 keeps the pieces of a concatenated string.
   *
   * @param values escaped label values in the order of the label names
   */
  toKeep(values: readonly string[]): string {
    this.fill(values);
    return this.pieces.join('');
  }

  /** Returns the prefix of a series for text that it becomes part of at once. */
  toAppend(values: readonly string[]): string {
    const { pieces } = this;
    const varying = this.fill(values);
    if (varying < 0) return pieces.reduce((text, piece) => text + piece);
    this.around ??= [pieces.slice(0, varying).join(''), pieces.slice(varying + 1).join('')];
    return this.around[0] + pieces[varying]! + this.around[1];
  }

  /** Puts values into the pieces. @returns the index of the piece that alone differed, now and before; -1 if none did */
  private fill(values: readonly string[]): number {
    const { pieces } = this;
    let differing = -1;
    let count = 0;
    for (let i = 0, at = 1; i < values.length; i++, at += 2) {
      const value = values[i]!;
      if (value === pieces[at]) continue;
      pieces[at] = value;
      differing = at;
      count++;
    }
    if (count === 1 && differing === this.varying) return differing;
    this.varying = count === 1 ? differing : -1;
    this.around = undefined;
    return -1;
  }
}
