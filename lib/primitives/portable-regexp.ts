import { Re2Translation } from './re2-translation.js';

/**
 * A regular expression that means the same in JavaScript and in RE2, which Prometheus and Alertmanager use. Syntax that
 * only one of them supports, or that they interpret differently, is rejected.
 */
export class PortableRegExp {
  private readonly whole: RegExp;

  /**
   * @param source expression in RE2 syntax
   * @throws {Error} an error that names the syntax that is not common to both
   */
  constructor(source: string) {
    this.whole = compiled(source);
  }

  /** Checks an expression. @throws {Error} as the constructor does */
  static check(source: string): void {
    compiled(source);
  }

  /** Returns true if the expression matches the whole text. */
  matches(text: string): boolean {
    return this.whole.test(text);
  }
}

function compiled(source: string): RegExp {
  return new RegExp(`^(?:${translated(source)})$`, 'u');
}

function translated(source: string): string {
  try {
    return new Re2Translation(source).translate();
  } catch (error) {
    const { message } = error as Error;
    throw new Error(
      `the regular expression "${source}" has ${message}, which Prometheus rejects or interprets differently`,
      { cause: error },
    );
  }
}
