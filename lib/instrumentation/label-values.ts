/** The value that stands for all that are too many. */
const OTHER = 'other';

/** Keeps the values of a label few, where they come from outside: what is seen first has a value of its own. */
export class LabelValues {
  private readonly known = new Set<string>();

  /** @param limit how many values there may be; further ones are `other` */
  constructor(private readonly limit: number) {}

  of(value: string): string {
    if (this.known.has(value)) return value;
    if (this.known.size >= this.limit) return OTHER;
    this.known.add(value);
    return value;
  }
}
