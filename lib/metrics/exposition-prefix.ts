import { renderLabel } from './label-escaping.js';
import { OVERFLOW_LABEL } from './labels.js';

/** The exposition prefixes of the series of one metric; see `SeriesIdentities`. */
export interface SeriesPrefixes {
  /** The prefix of the overflow series. */
  readonly overflow: string;
  /** True if an empty value means that a series has no such label. */
  readonly omitsEmpty: boolean;
  /**
   * Returns the prefix of a series.
   *
   * @param values escaped label values in the order of the label names
   */
  of(values: readonly string[]): string;
  /**
   * Returns the text before and after one label value in the prefix of a series; undefined if it depends on that value.
   */
  around(values: readonly string[], position: number): readonly [before: string, after: string] | undefined;
}

/** The part of the definition of a metric on which its prefixes depend. */
interface PrefixedMetric {
  readonly name: string;
  readonly isHistogram: boolean;
  readonly labelNames: readonly string[];
  readonly openLabels: boolean;
}

/** Returns the exposition prefixes of a metric. */
export function prefixesOf(
  { name, isHistogram, labelNames, openLabels }: PrefixedMetric,
  defaultLabels: Readonly<Record<string, string>>,
): SeriesPrefixes {
  const Prefixes = openLabels ? OpenExpositionPrefixes : ExpositionPrefixes;
  return new Prefixes(name, isHistogram, labelNames, defaultLabels);
}

/** The prefixes of a metric whose series have all its labels. */
export class ExpositionPrefixes implements SeriesPrefixes {
  readonly omitsEmpty = false;
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

  /** Joins the prefix, since V8 keeps the pieces of a concatenated string. */
  of(values: readonly string[]): string {
    return this.filled(values).join('');
  }

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

/** The prefixes of a metric with open labels, whose series have only the labels with a value. */
class OpenExpositionPrefixes implements SeriesPrefixes {
  readonly omitsEmpty = true;
  readonly overflow: string;
  private readonly start: string;

  constructor(
    name: string,
    private readonly isHistogram: boolean,
    private readonly labelNames: readonly string[],
    private readonly defaultLabels: Readonly<Record<string, string>>,
  ) {
    this.start = isHistogram ? `${name}_bucket` : name;
    this.overflow = new ExpositionPrefixes(name, isHistogram, [], defaultLabels).overflow;
  }

  of(values: readonly string[]): string {
    const present = this.labelNames.flatMap((label, i) =>
      values[i] === '' ? [] : [[label, `${label}="${values[i]}"`] as const],
    );
    const names = new Set(present.map(([label]) => label));
    const labels = Object.entries(this.defaultLabels)
      .filter(([label]) => !names.has(label))
      .map(([label, value]) => renderLabel(label, value))
      .concat(present.map(([, text]) => text));
    if (this.isHistogram) return `${this.start}{${labels.map((label) => `${label},`).join('')}`;
    return labels.length === 0 ? `${this.start} ` : `${this.start}{${labels.join(',')}} `;
  }

  around(): undefined {
    return undefined;
  }
}
