import { ownText } from './own-text.js';

/** The value that stands for all that are too many. */
const OTHER = 'other';

/** Marks a value that was cut. */
const CUT = '…';

/** The longest value of a label that comes from outside, in UTF-16 code units, with the mark of the cut. */
export const LABEL_VALUE_LENGTH = 128;

/** Returns a value that is at most so long, cut and marked if it was longer; never in the middle of a character. */
export function boundedLabelValue(value: string, maxLength = LABEL_VALUE_LENGTH): string {
  if (value.length <= maxLength) return value;
  const end = maxLength - CUT.length;
  const unit = value.charCodeAt(end - 1);
  const splitsPair = unit >= 0xd800 && unit <= 0xdbff;
  return ownText(value.slice(0, splitsPair ? end - 1 : end) + CUT);
}

/**
 * A bounded set of the values of a label that come from outside: a value that is seen while there is room keeps its
 * own, at most {@link LABEL_VALUE_LENGTH} long; further ones share `other`.
 */
export class LabelValues {
  private readonly known = new Map<string, string>();

  /**
   * @param limit number of values that are kept apart
   * @param other the value that stands for all further ones
   */
  constructor(
    private readonly limit: number,
    private readonly other = OTHER,
  ) {}

  /** Returns the value to use as the label. */
  of(value: string): string {
    const bounded = boundedLabelValue(value);
    const known = this.known.get(bounded);
    if (known !== undefined) return known;
    if (this.known.size >= this.limit) return this.other;
    const own = ownText(bounded);
    this.known.set(own, own);
    return own;
  }
}
