import { PromqlError, type PromqlToken } from './promql-tokens.js';

/** A reader of the tokens of a PromQL text, one after the other. */
export abstract class PromqlTokenReader {
  private index = 0;

  /** @param tokens the tokens; the last one is the end */
  constructor(private readonly tokens: readonly PromqlToken[]) {}

  protected get next(): PromqlToken {
    return this.tokens[this.index]!;
  }

  protected get afterNext(): PromqlToken | undefined {
    return this.tokens[this.index + 1];
  }

  /** Consumes the next token and returns it. @throws {PromqlError} at the end */
  protected take(): PromqlToken {
    const token = this.next;
    if (token.kind === 'end') this.fail('unexpected end');
    this.index++;
    return token;
  }

  protected isSymbol(text: string): boolean {
    return this.next.kind === 'symbol' && this.next.text === text;
  }

  protected isName(text: string): boolean {
    return this.next.kind === 'name' && this.next.text === text;
  }

  /** Consumes a symbol. @throws {PromqlError} if another token is next */
  protected expect(symbol: string): void {
    if (!this.isSymbol(symbol)) {
      const { kind, text } = this.next;
      this.fail(
        `expected ${JSON.stringify(symbol)}, got ${kind === 'end' ? 'the end' : JSON.stringify(text)}`,
      );
    }
    this.index++;
  }

  /** Reads what is in parentheses. */
  protected inParentheses<T>(read: () => T): T {
    this.expect('(');
    const found = read();
    this.expect(')');
    return found;
  }

  /** @throws {PromqlError} at a token. @param token @default the next one */
  protected fail(message: string, { at }: PromqlToken = this.next): never {
    throw new PromqlError(message, at);
  }
}
