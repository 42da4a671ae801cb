import { type MonitoringOptionsError, optionError } from '../../options/option-checks.js';
import type { ConventionalNames } from '../../query/conventional-names.js';
import type { Expression } from '../../query/expression.js';
import { promqlOf } from '../../query/promql.js';
import { PROCESS_CPU } from '../../query/vital-definitions.js';

type Piece =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'value'; readonly digits: number | undefined }
  | { readonly kind: 'label'; readonly name: string }
  | { readonly kind: 'process_cpu' };

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
        return piece.digits === undefined ? numberText(value) : fixedText(value, piece.digits);
      })
      .join('');
  }

  /**
   * Returns the equivalent Prometheus template.
   *
   * @param names names of the metrics in Prometheus. @default ours
   * @param expression the expression of the alert, whose labels the template shows
   * @param exported what a label of a metric is called in Prometheus. @default the same
   */
  toPrometheus(
    names?: ConventionalNames,
    expression?: Expression,
    exported: (label: string) => string = (label) => label,
  ): string {
    const renamed = expression && names ? names.labelIn(expression) : (label: string) => label;
    const labelOf = (label: string): string => exported(renamed(label));
    return this.pieces
      .map((piece) => {
        if (piece.kind === 'text') return piece.text;
        if (piece.kind === 'process_cpu') {
          return `{{ with query ${JSON.stringify(promqlOf(names?.translate(PROCESS_CPU) ?? PROCESS_CPU))} }}{{ . | first | value | printf "%.1f" }}{{ else }}?{{ end }}`;
        }
        if (piece.kind === 'label') return `{{ $labels.${labelOf(piece.name)} }}`;
        return piece.digits === undefined ? '{{ $value }}' : `{{ $value | printf "%.${piece.digits}f" }}`;
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
  const value = /^value(?:\s*\|\s*printf\s+"%\.(\d)f")?$/.exec(inner);
  if (value !== null) return { kind: 'value', digits: value[1] === undefined ? undefined : Number(value[1]) };
  const label = /^labels\.([a-zA-Z_][a-zA-Z0-9_]*)$/.exec(inner)?.[1];
  // In Prometheus, `__name__` is the name of the metric; here it is not a label.
  if (label === undefined || label === '__name__') throw placeholderError(owner, part);
  return { kind: 'label', name: label };
}

function placeholderError(owner: string, part: string): MonitoringOptionsError {
  return optionError(
    owner,
    `must contain only the placeholders {{ value }}, {{ value | printf "%.2f" }}, {{ labels.name }} and {{ process_cpu }}; got "${part}".`,
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
  const { numerator, denominator } = fractionOf(Math.abs(value));
  const scaled = numerator * 10n ** BigInt(digits);
  let rounded = scaled / denominator;
  const twice = 2n * (scaled % denominator);
  if (twice > denominator || (twice === denominator && rounded % 2n === 1n)) rounded++;
  const text = String(rounded).padStart(digits + 1, '0');
  const point = text.length - digits;
  return signOf(value) + text.slice(0, point) + (digits > 0 ? `.${text.slice(point)}` : '');
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
