import { copyString } from './copy-string.js';

/** The value shared by all values beyond the limit. */
const OTHER = 'other';

/** The mark at the end of a truncated value. */
const CUT = '…';

/** The maximum length of a label value from outside, in UTF-16 code units, mark included. */
export const LABEL_VALUE_LENGTH = 128;

/** Returns a value, truncated and marked if it is too long, but never in the middle of a surrogate pair. */
export function boundedLabelValue(value: string, maxLength = LABEL_VALUE_LENGTH): string {
  if (value.length <= maxLength) return value;
  const end = maxLength - CUT.length;
  const unit = value.charCodeAt(end - 1);
  const splitsPair = unit >= 0xd800 && unit <= 0xdbff;
  return copyString(value.slice(0, splitsPair ? end - 1 : end) + CUT);
}

/**
 * A bounded set of label values from outside. The first values are kept, truncated to {@link LABEL_VALUE_LENGTH}; further
 * ones share the value `other`.
 */
export class BoundedLabelValues {
  private readonly known = new Map<string, string>();

  /**
   * @param limit number of distinct values
   * @param other value shared by all further ones
   */
  constructor(
    private readonly limit: number,
    private readonly other = OTHER,
  ) {}

  /** Returns the values that are kept. */
  values(): Iterable<string> {
    return this.known.keys();
  }

  /** Returns the label value to use for a value. */
  of(value: string): string {
    const bounded = boundedLabelValue(value);
    const known = this.known.get(bounded);
    if (known !== undefined) return known;
    if (this.known.size >= this.limit) return this.other;
    const own = copyString(bounded);
    this.known.set(own, own);
    return own;
  }
}
