import { type MonitoringOptionsError, optionError } from '../../options/option-checks.js';
import { trimEnd } from '../../primitives/trim-end.js';
import type { ConventionalNames } from '../../query/conventional-names.js';
import type { Expression } from '../../query/expression.js';
import type { Matcher } from '../../query/label-matchers.js';
import { promqlOf } from '../../query/promql.js';
import { PROCESS_CPU } from '../../query/vital-definitions.js';

/** The number of digits of `humanizePercentage`. */
const PERCENTAGE_DIGITS = 4;

type Piece =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'value'; readonly format: NumberFormat | undefined }
  | { readonly kind: 'label'; readonly name: string }
  | { readonly kind: 'process_cpu' };

/** A function of Prometheus templates that makes a text of a number. */
interface NumberFormat {
  /** Its call in a template, such as `printf "%.2f"`. */
  readonly call: string;
  readonly textOf: (value: number) => string;
}

/** The values of the placeholders of a template. */
export interface TemplateData {
  readonly value: number;
  readonly labels: Readonly<Record<string, string>>;
  /** Returns the number of CPUs that the process keeps busy; undefined if it is unknown. */
  readonly processCpu?: () => number | undefined;
}

/** A text template with placeholders such as `{{ value }}` and `{{ labels.name }}`. */
export class Template {
  private readonly pieces: readonly Piece[];

  /**
   * @param owner the option of the text, for error messages
   * @throws {MonitoringOptionsError} for an unknown placeholder
   */
  constructor(owner: string, text: string) {
    this.pieces = partsOf(text).map((part) => pieceOf(owner, part));
  }

  /** True if the template contains `{{ process_cpu }}`. */
  get needsProcessCpu(): boolean {
    return this.pieces.some(({ kind }) => kind === 'process_cpu');
  }

  /** Returns the text with its placeholders replaced. */
  render({ value, labels, processCpu }: TemplateData): string {
    return this.pieces
      .map((piece) => {
        if (piece.kind === 'text') return piece.text;
        if (piece.kind === 'process_cpu') return processCpuText(processCpu?.());
        if (piece.kind === 'label') return Object.hasOwn(labels, piece.name) ? labels[piece.name] : '';
        return (piece.format?.textOf ?? numberText)(value);
      })
      .join('');
  }

  /**
   * Returns the equivalent Prometheus template.
   *
   * @param names names of the metrics in Prometheus. @default ours
   * @param expression the expression of the alert, whose labels the template shows
   * @param exported what a label of a metric is called in Prometheus. @default the same
   * @param scope matchers that are added to every selector. @default none
   */
  toPrometheus(
    names?: ConventionalNames,
    expression?: Expression,
    exported: (label: string) => string = (label) => label,
    scope: readonly Matcher[] = [],
  ): string {
    const renamed = expression && names ? names.labelIn(expression) : (label: string) => label;
    const labelOf = (label: string): string => exported(renamed(label));
    return this.pieces
      .map((piece) => {
        if (piece.kind === 'text') return piece.text;
        if (piece.kind === 'process_cpu') {
          const cpus = promqlOf(names?.translate(PROCESS_CPU) ?? PROCESS_CPU, scope);
          return `{{ with query ${JSON.stringify(cpus)} }}{{ . | first | value | printf "%.1f" }}{{ else }}?{{ end }}`;
        }
        if (piece.kind === 'label') return `{{ $labels.${labelOf(piece.name)} }}`;
        return piece.format === undefined ? '{{ $value }}' : `{{ $value | ${piece.format.call} }}`;
      })
      .join('');
  }
}

/** Splits a text into placeholders in double braces and the text between them. */
function partsOf(text: string): string[] {
  const parts: string[] = [];
  let at = 0;
  for (let open = text.indexOf('{{'); open >= 0; open = text.indexOf('{{', at)) {
    const close = text.indexOf('}}', open + 2);
    if (close < 0) break;
    parts.push(text.slice(at, open), text.slice(open, close + 2));
    at = close + 2;
  }
  return [...parts, text.slice(at)].filter((part) => part !== '');
}

function pieceOf(owner: string, part: string): Piece {
  if (!part.startsWith('{{')) {
    if (part.includes('{{')) throw placeholderError(owner, part);
    return { kind: 'text', text: part };
  }
  const inner = part.slice(2, -2).trim();
  if (inner === 'process_cpu') return { kind: 'process_cpu' };
  const value = /^value(?:\s*\|\s*(printf\s+"%\.(\d)f"|humanizePercentage))?$/.exec(inner);
  if (value !== null) return { kind: 'value', format: value[1] ? formatOf(value[2]) : undefined };
  const label = /^labels\.([a-zA-Z_][a-zA-Z0-9_]*)$/.exec(inner)?.[1];
  // In Prometheus, `__name__` is the name of the metric; here it is not a label.
  if (label === undefined || label === '__name__') throw placeholderError(owner, part);
  return { kind: 'label', name: label };
}

/** @param digits of `printf`; undefined for a percentage */
function formatOf(digits: string | undefined): NumberFormat {
  return digits === undefined
    ? { call: 'humanizePercentage', textOf: (value) => `${generalText(value * 100, PERCENTAGE_DIGITS)}%` }
    : { call: `printf "%.${digits}f"`, textOf: (value) => fixedText(value, Number(digits)) };
}

function placeholderError(owner: string, part: string): MonitoringOptionsError {
  return optionError(
    owner,
    `must contain only the placeholders {{ value }}, {{ value | printf "%.2f" }}, {{ value | humanizePercentage }}, {{ labels.name }} and {{ process_cpu }}; got "${part}".`,
  );
}

function processCpuText(cpus: number | undefined): string {
  return cpus === undefined ? '?' : fixedText(cpus, 1);
}

/** Formats a number as Prometheus templates do. */
function numberText(value: number): string {
  if (!Number.isFinite(value)) return infiniteText(value);
  const magnitude = Math.abs(value);
  const text =
    magnitude === 0 || (magnitude >= 1e-4 && magnitude < 1e6)
      ? String(magnitude)
      : magnitude.toExponential().replace(/e([+-])(\d)$/, 'e$10$2');
  return signOf(value) + text;
}

/** Formats a number as `printf "%.2f"` of Go does: exactly, with halves rounded to the even digit. */
function fixedText(value: number, digits: number): string {
  if (!Number.isFinite(value)) return infiniteText(value);
  const text = String(roundedAt(value, digits)).padStart(digits + 1, '0');
  const point = text.length - digits;
  return signOf(value) + text.slice(0, point) + (digits > 0 ? `.${text.slice(point)}` : '');
}

/** Formats a number as `printf "%.4g"` of Go does: with at most so many digits that count, and an exponent where it is shorter. */
function generalText(value: number, precision: number): string {
  if (!Number.isFinite(value)) return infiniteText(value);
  if (value === 0) return `${signOf(value)}0`;
  let exponent = Number(/e(.+)/.exec(value.toExponential())?.[1]);
  let digits = String(roundedAt(value, precision - 1 - exponent));
  // 9.9996 is 10.00.
  if (digits.length > precision) exponent++;
  digits = trimEnd(digits.slice(0, precision), '0');
  if (exponent < -4 || exponent >= precision) {
    const power = String(Math.abs(exponent)).padStart(2, '0');
    const fraction = digits.length > 1 ? `.${digits.slice(1)}` : '';
    return `${signOf(value)}${digits[0]}${fraction}e${exponent < 0 ? '-' : '+'}${power}`;
  }
  if (exponent < 0) return `${signOf(value)}0.${'0'.repeat(-exponent - 1)}${digits}`;
  const whole = digits.slice(0, exponent + 1).padEnd(exponent + 1, '0');
  const fraction = digits.slice(exponent + 1);
  return signOf(value) + whole + (fraction === '' ? '' : `.${fraction}`);
}

/** Returns the magnitude of a finite number in units of a decimal place, as an integer, with halves rounded to the even one. */
function roundedAt(value: number, decimals: number): bigint {
  const { numerator, denominator } = fractionOf(Math.abs(value));
  const scale = 10n ** BigInt(Math.abs(decimals));
  const scaled = decimals < 0 ? numerator : numerator * scale;
  const unit = decimals < 0 ? denominator * scale : denominator;
  const rounded = scaled / unit;
  const twice = 2n * (scaled % unit);
  return twice > unit || (twice === unit && rounded % 2n === 1n) ? rounded + 1n : rounded;
}

/** Returns a finite number as an exact fraction. */
function fractionOf(magnitude: number): { numerator: bigint; denominator: bigint } {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, magnitude);
  const bits = view.getBigUint64(0);
  const exponent = Number(bits >> 52n);
  const mantissa = (bits & ((1n << 52n) - 1n)) | (exponent > 0 ? 1n << 52n : 0n);
  const shift = Math.max(exponent, 1) - 1075;
  return shift >= 0
    ? { numerator: mantissa << BigInt(shift), denominator: 1n }
    : { numerator: mantissa, denominator: 1n << BigInt(-shift) };
}

function infiniteText(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  return value > 0 ? '+Inf' : '-Inf';
}

function signOf(value: number): string {
  return value < 0 || Object.is(value, -0) ? '-' : '';
}
