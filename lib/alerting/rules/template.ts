import { MonitoringOptionsError } from '../../options/option-checks.js';

type Piece =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'value'; readonly digits: number | undefined }
  | { readonly kind: 'label'; readonly name: string };

/** What a template may speak of. */
export interface TemplateData {
  readonly value: number;
  readonly labels: Readonly<Record<string, string>>;
}

/** A text with `{{ value }}` and `{{ labels.name }}` in it. */
export class Template {
  private readonly pieces: readonly Piece[];

  /**
   * @param owner what the text is of, for error messages
   * @throws {MonitoringOptionsError} if it speaks of anything else
   */
  constructor(owner: string, text: string) {
    const parts = text.split(/(\{\{.*?\}\})/s);
    this.pieces = parts.filter((part) => part !== '').map((part) => pieceOf(owner, part));
  }

  render({ value, labels }: TemplateData): string {
    return this.pieces
      .map((piece) => {
        if (piece.kind === 'text') return piece.text;
        if (piece.kind === 'label') return labels[piece.name] ?? '';
        return piece.digits === undefined ? numberText(value) : value.toFixed(piece.digits);
      })
      .join('');
  }

  /** The same as a template of Prometheus. */
  toPrometheus(): string {
    return this.pieces
      .map((piece) => {
        if (piece.kind === 'text') return piece.text;
        if (piece.kind === 'label') return `{{ $labels.${piece.name} }}`;
        return piece.digits === undefined ? '{{ $value }}' : `{{ $value | printf "%.${piece.digits}f" }}`;
      })
      .join('');
  }
}

function pieceOf(owner: string, part: string): Piece {
  if (!part.startsWith('{{')) {
    if (part.includes('{{')) throw refusal(owner, part);
    return { kind: 'text', text: part };
  }
  const inner = part.slice(2, -2).trim();
  const value = /^value(?:\s*\|\s*printf\s+"%\.(\d)f")?$/.exec(inner);
  if (value !== null) return { kind: 'value', digits: value[1] === undefined ? undefined : Number(value[1]) };
  const label = /^labels\.([a-zA-Z_][a-zA-Z0-9_]*)$/.exec(inner)?.[1];
  if (label === undefined) throw refusal(owner, part);
  return { kind: 'label', name: label };
}

function refusal(owner: string, part: string): MonitoringOptionsError {
  return new MonitoringOptionsError(
    `Expected ${owner} to use {{ value }}, {{ value | printf "%.2f" }} or {{ labels.name }}, got "${part}".`,
  );
}

/** A number as templates of Prometheus show it. */
function numberText(value: number): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? 'NaN' : value > 0 ? '+Inf' : '-Inf';
  const magnitude = Math.abs(value);
  if (magnitude === 0 || (magnitude >= 1e-4 && magnitude < 1e21)) return String(value);
  return value.toExponential().replace(/e([+-])(\d)$/, 'e$10$2');
}
