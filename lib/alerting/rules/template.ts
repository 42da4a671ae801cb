import { MonitoringOptionsError } from '../../options/option-checks.js';
import { promqlOf } from '../../query/promql.js';
import { PROCESS_CPU } from '../../query/vital-expressions.js';

type Piece =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'value'; readonly digits: number | undefined }
  | { readonly kind: 'label'; readonly name: string }
  | { readonly kind: 'process_cpu' };

/** What a template may speak of. */
export interface TemplateData {
  readonly value: number;
  readonly labels: Readonly<Record<string, string>>;
  /** Computes how many processors the process itself keeps busy; undefined if that is not known. */
  readonly processCpu?: () => number | undefined;
}

/** A text with `{{ value }}` and `{{ labels.name }}` in it. */
export class Template {
  private readonly pieces: readonly Piece[];

  /**
   * @param owner what the text is of, for error messages
   * @throws {MonitoringOptionsError} if it speaks of anything else
   */
  constructor(owner: string, text: string) {
    this.pieces = partsOf(text).map((part) => pieceOf(owner, part));
  }

  /** Whether it tells how busy the process itself is. */
  get needsProcessCpu(): boolean {
    return this.pieces.some(({ kind }) => kind === 'process_cpu');
  }

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

  /** The same as a template of Prometheus. */
  toPrometheus(): string {
    return this.pieces
      .map((piece) => {
        if (piece.kind === 'text') return piece.text;
        if (piece.kind === 'process_cpu') {
          return `{{ with query ${JSON.stringify(promqlOf(PROCESS_CPU))} }}{{ . | first | value | printf "%.1f" }}{{ else }}?{{ end }}`;
        }
        if (piece.kind === 'label') return `{{ $labels.${piece.name} }}`;
        return piece.digits === undefined ? '{{ $value }}' : `{{ $value | printf "%.${piece.digits}f" }}`;
      })
      .join('');
  }
}

/** Returns what is in double braces and what is between, in order. */
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
    if (part.includes('{{')) throw refusal(owner, part);
    return { kind: 'text', text: part };
  }
  const inner = part.slice(2, -2).trim();
  if (inner === 'process_cpu') return { kind: 'process_cpu' };
  const value = /^value(?:\s*\|\s*printf\s+"%\.(\d)f")?$/.exec(inner);
  if (value !== null) return { kind: 'value', digits: value[1] === undefined ? undefined : Number(value[1]) };
  const label = /^labels\.([a-zA-Z_][a-zA-Z0-9_]*)$/.exec(inner)?.[1];
  // Prometheus has the name of the metric there, which here is no label.
  if (label === undefined || label === '__name__') throw refusal(owner, part);
  return { kind: 'label', name: label };
}

function refusal(owner: string, part: string): MonitoringOptionsError {
  return new MonitoringOptionsError(
    `Expected ${owner} to use {{ value }}, {{ value | printf "%.2f" }} or {{ labels.name }}, got "${part}".`,
  );
}

function processCpuText(processors: number | undefined): string {
  return processors === undefined ? '?' : fixedText(processors, 1);
}

/** A number as templates of Prometheus show it. */
function numberText(value: number): string {
  if (!Number.isFinite(value)) return infiniteText(value);
  const magnitude = Math.abs(value);
  const text =
    magnitude === 0 || (magnitude >= 1e-4 && magnitude < 1e6)
      ? String(magnitude)
      : magnitude.toExponential().replace(/e([+-])(\d)$/, 'e$10$2');
  return signOf(value) + text;
}

/** A number as `printf "%.2f"` of Go shows it: exact, and halves go to the even digit. */
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

/** A finite number as exactly what its bits say. */
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
