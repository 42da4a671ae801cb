import type { TextFormat } from 'nestjs-monitoring/metrics';

/** One line with a number. */
export interface ParsedSample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
  readonly exemplar?: { readonly labels: Readonly<Record<string, string>>; readonly value: number };
}

/** A TYPE line with all that belongs to it. */
export interface ParsedFamily {
  readonly name: string;
  readonly type: string;
  readonly help: string | undefined;
  readonly unit: string | undefined;
  readonly samples: readonly ParsedSample[];
}

/**
 * Reads an exposition as strictly as the specifications of text format 0.0.4 and OpenMetrics 1.0 are written, and in
 * some points more strictly: what they merely allow but this library never writes, such as timestamps, is an error.
 *
 * @throws {Error} with the line at fault
 */
export function parseExposition(text: string, format: TextFormat): Map<string, ParsedFamily> {
  return new Parser(format).parse(text);
}

const NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;
const LABEL_NAME = /^(?!__)[a-zA-Z_][a-zA-Z0-9_]*$/;
const NUMBER = /^(?:[-+]?\d+(?:\.\d+)?(?:e[-+]?\d+)?|NaN|[-+]Inf)$/;
const CANONICAL_LE = /^(?:\+Inf|-?\d+\.\d+|-?\d(?:\.\d+)?e(?:-(?:0[5-9]|[1-9]\d+)|\+(?:0[6-9]|[1-9]\d+)))$/;

/** The endings that the samples of a type may have, by format. */
const SAMPLE_ENDINGS: Readonly<Record<TextFormat, Readonly<Record<string, readonly string[]>>>> = {
  prometheus: { counter: [''], gauge: [''], histogram: ['_bucket', '_sum', '_count'] },
  openmetrics: {
    counter: ['_total', '_created'],
    gauge: [''],
    unknown: [''],
    histogram: ['_bucket', '_sum', '_count', '_created'],
  },
};

class Parser {
  private readonly families = new Map<string, ParsedFamily & { samples: ParsedSample[] }>();
  private readonly seen = new Set<string>();
  private family: { name: string; help?: string; unit?: string; type?: string } = { name: '' };
  private line = '';

  constructor(private readonly format: TextFormat) {}

  parse(text: string): Map<string, ParsedFamily> {
    const lines = text.split('\n');
    this.check(lines.pop() === '', 'the text must end in a line feed');
    if (this.format === 'openmetrics') this.check(lines.pop() === '# EOF', 'the last line must be # EOF');
    for (this.line of lines) {
      this.check(this.line !== '', 'there must be no blank line');
      if (this.line.startsWith('#')) this.readMetadata();
      else this.readSample();
    }
    for (const family of this.families.values()) this.checkFamily(family);
    return this.families;
  }

  private readMetadata(): void {
    const [, keyword, name = '', rest = ''] = /^# (HELP|TYPE|UNIT) (\S+)(?: (.*))?$/su.exec(this.line) ?? [];
    this.check(keyword !== undefined && NAME.test(name), 'not a line of metadata');
    if (name !== this.family.name) this.family = { name };
    const { family } = this;
    this.check(!this.families.get(name)?.samples.length, 'metadata must come before the samples');
    if (keyword === 'TYPE') {
      this.check(family.type === undefined && !this.families.has(name), 'a second TYPE');
      this.check(Object.hasOwn(SAMPLE_ENDINGS[this.format], rest), 'an unknown type');
      family.type = rest;
    } else if (keyword === 'UNIT') {
      this.check(this.format === 'openmetrics', 'there is no UNIT in this format');
      this.check(family.unit === undefined && rest !== '', 'a second or an empty UNIT');
      this.check(name.endsWith(`_${rest}`), 'the unit must be the end of the name');
      family.unit = rest;
    } else {
      this.check(family.help === undefined, 'a second HELP');
      family.help = this.unescape(rest, this.format === 'openmetrics' ? '\\n"' : '\\n');
    }
    if (family.type === undefined) return;
    const { type, help, unit } = family;
    this.families.set(name, { name, type, help, unit, samples: [] });
  }

  private readSample(): void {
    const [, name = ''] = /^([^{ ]+)/.exec(this.line) ?? [];
    this.check(NAME.test(name), 'not a name');
    const family = this.families.get(this.family.name);
    if (family === undefined) throw this.error('a sample must follow the TYPE of its family');
    const endings = SAMPLE_ENDINGS[this.format][family.type] ?? [];
    const ending = name.slice(family.name.length);
    this.check(name.startsWith(family.name) && endings.includes(ending), `not a sample of ${family.name}`);

    let at = name.length;
    let labels: Record<string, string> = {};
    if (this.line[at] === '{') [labels, at] = this.readLabels(at);
    const [number = '', ...exemplarParts] = this.line.slice(at).split(' # ');
    this.check(number.startsWith(' '), 'there must be one space before the value');
    const value = this.readNumber(number.slice(1));

    const key = JSON.stringify([name, Object.entries(labels).toSorted(([a], [b]) => (a < b ? -1 : 1))]);
    this.check(!this.seen.has(key), 'this series was there before');
    this.seen.add(key);

    const exemplarText = exemplarParts.join(' # ');
    if (exemplarText === '') {
      family.samples.push({ name, labels, value });
      return;
    }
    this.check(this.format === 'openmetrics', 'there are no exemplars in this format');
    this.check(
      ending === '_total' || ending === '_bucket',
      'an exemplar of something else than a total or a bucket',
    );
    family.samples.push({ name, labels, value, exemplar: this.readExemplar(exemplarText) });
  }

  private readExemplar(text: string) {
    const start = this.line.length - text.length;
    this.check(this.line[start] === '{', 'an exemplar must begin with its labels');
    const [labels, end] = this.readLabels(start);
    const { length } = Array.from(Object.entries(labels).flat().join(''));
    this.check(length <= 128, 'the labels of an exemplar are longer than 128 characters');
    const [before, value = '', timestamp = '', ...more] = this.line.slice(end).split(' ');
    this.check(before === '' && more.length === 0, 'an exemplar must be labels, value and timestamp');
    this.check(Number.isFinite(this.readNumber(timestamp)), 'not a timestamp');
    return { labels, value: this.readNumber(value) };
  }

  /** Reads `{name="value",...}` from `start`; also tells where it ends. */
  private readLabels(start: number): [labels: Record<string, string>, end: number] {
    const labels: Record<string, string> = {};
    let at = start + 1;
    while (this.line[at] !== '}') {
      if (at > start + 1) this.check(this.line[at++] === ',', 'there must be a comma between labels');
      const equals = this.line.indexOf('="', at);
      const name = this.line.slice(at, equals);
      this.check(equals > at && LABEL_NAME.test(name), 'not a label name');
      this.check(!Object.hasOwn(labels, name), `a second label ${name}`);
      let end = equals + 2;
      while (this.line[end] !== '"' && end < this.line.length) end += this.line[end] === '\\' ? 2 : 1;
      this.check(end < this.line.length, 'a label value without end');
      labels[name] = this.unescape(this.line.slice(equals + 2, end), '\\n"');
      at = end + 1;
    }
    return [labels, at + 1];
  }

  private unescape(text: string, allowed: string): string {
    return text.replaceAll(/\\(.?)/gsu, (_, escaped: string) => {
      this.check(escaped !== '' && allowed.includes(escaped), `an unknown escape \\${escaped}`);
      return escaped === 'n' ? '\n' : escaped;
    });
  }

  private readNumber(text: string): number {
    this.check(NUMBER.test(text), 'not a number');
    return Number(text.replace('Inf', 'Infinity'));
  }

  private checkFamily({ name, type, samples }: ParsedFamily): void {
    this.line = `# TYPE ${name} ${type}`;
    this.check(samples.length > 0, 'a family without samples');
    const counter = type === 'counter';
    if (counter && this.format === 'openmetrics') {
      this.check(!name.endsWith('_total'), 'the family of a counter must not end in _total');
    }
    for (const sample of samples) {
      this.line = sample.name;
      if (counter) this.check(sample.value >= 0, 'a counter must not be negative or NaN');
      const hasLe = Object.hasOwn(sample.labels, 'le');
      this.check(hasLe === (type === 'histogram' && sample.name === `${name}_bucket`), 'le is for buckets');
      this.check(!Object.hasOwn(sample.labels, 'quantile'), 'quantile is for summaries');
    }
    if (type === 'histogram') this.checkHistogram(name, samples);
  }

  private checkHistogram(name: string, samples: readonly ParsedSample[]): void {
    const groups: { key: string; samples: ParsedSample[] }[] = [];
    for (const sample of samples) {
      const { le: _, ...others } = sample.labels;
      const key = JSON.stringify(Object.entries(others).toSorted(([a], [b]) => (a < b ? -1 : 1)));
      if (groups.at(-1)?.key !== key) groups.push({ key, samples: [] });
      groups.at(-1)!.samples.push(sample);
    }
    this.check(
      new Set(groups.map(({ key }) => key)).size === groups.length,
      'the lines of a series must be together',
    );
    for (const { samples: lines } of groups) this.checkBuckets(name, lines);
  }

  private checkBuckets(name: string, lines: readonly ParsedSample[]): void {
    const one = (ending: string) => lines.find((sample) => sample.name === name + ending)?.value;
    const buckets = lines.filter((sample) => sample.name === `${name}_bucket`);
    const bounds = buckets.map(({ labels }) => this.readNumber(labels['le'] ?? ''));
    this.check(bounds.at(-1) === Infinity, 'the last bucket must be +Inf');
    for (const [i, { labels, value }] of buckets.entries()) {
      this.check(i === 0 || (bounds[i] ?? NaN) > (bounds[i - 1] ?? NaN), 'the bounds of buckets must ascend');
      this.check(
        i === 0 || value >= (buckets[i - 1]?.value ?? NaN),
        'the counts of buckets must not go down',
      );
      this.check(Number.isInteger(value) && value >= 0, 'the count of a bucket must be a whole number');
      const canonical = this.format === 'prometheus' || CANONICAL_LE.test(labels['le'] ?? '');
      this.check(canonical, `${labels['le']} is not a canonical number`);
    }
    const [sum, count] = [one('_sum'), one('_count')];
    const summed = this.format === 'prometheus' || !((bounds[0] ?? NaN) < 0);
    this.check((sum !== undefined) === summed, 'the sum must be there unless there are negative bounds');
    this.check((count !== undefined) === summed, 'the count must be there exactly if the sum is');
    if (summed) this.check(count === buckets.at(-1)?.value, 'the count must be that of the +Inf bucket');
  }

  private check(holds: boolean, rule: string): asserts holds {
    if (!holds) throw this.error(rule);
  }

  private error(rule: string): Error {
    return new Error(`${rule}: ${this.line}`);
  }
}
