/** The limit of RE2 for repetitions, nested ones multiplied. */
const MAX_REPETITIONS = 1_000;
/** The limit for nested groups. RE2 accepts 1 000 levels, of which a group may take several. */
const MAX_DEPTH = 100;
/** The limit for characters times repetitions. RE2 accepts no program of more than some millions of steps. */
const MAX_SIZE = 100_000;
const CONTROL_ESCAPES = 'tnrfv';
/** The escapes of character classes that are the same in both. */
const CLASS_ESCAPES = 'dDwW';
/** The white space of RE2; that of JavaScript has more characters. */
const SPACE = String.raw`\t\n\f\r `;
/** The Unicode categories that both support; `C` is larger in JavaScript. */
const CATEGORIES = new Set(
  'L Lu Ll Lt Lm Lo M Mn Mc Me N Nd Nl No P Pc Pd Ps Pe Pi Pf Po S Sm Sc Sk So Z Zs Zl Zp Cc Cf Co'.split(
    ' ',
  ),
);

/** A translator from RE2 syntax to JavaScript syntax with the flag `u`, in one pass. */
export class Re2Translation {
  private readonly characters: readonly string[];
  private at = 0;
  private depth = 0;

  /** @throws {Error} for half of a surrogate pair, and for an expression that is too long */
  constructor(source: string) {
    if (!source.isWellFormed()) throw new Error('half of a surrogate pair');
    this.characters = Array.from(source);
    this.checkSize();
  }

  /**
   * Returns the expression in JavaScript syntax.
   *
   * @throws {Error} an error that names the syntax that is not common to both
   */
  translate(): string {
    const { text, repetitions } = this.alternatives();
    if (this.at < this.characters.length) throw new Error('a ) without a (');
    this.checkSize(repetitions);
    return text;
  }

  private checkSize(repetitions = 1): void {
    if (this.characters.length * repetitions <= MAX_SIZE) return;
    throw new Error(`more than ${MAX_SIZE} characters, repetitions multiplied`);
  }

  private get next(): string | undefined {
    return this.characters[this.at];
  }

  private rest(length: number): string {
    return this.characters.slice(this.at, this.at + length).join('');
  }

  /** Translates alternatives. @returns the text and the repetitions of its most repeated part */
  private alternatives(): { text: string; repetitions: number } {
    if (++this.depth > MAX_DEPTH) throw new Error(`more than ${MAX_DEPTH} nested groups`);
    let text = '';
    let repetitions = 1;
    while (this.next !== undefined && this.next !== ')') {
      if (this.next === '|') {
        text += '|';
        this.at++;
        continue;
      }
      const piece = this.repeated();
      text += piece.text;
      repetitions = Math.max(repetitions, piece.repetitions);
    }
    this.depth--;
    return { text, repetitions };
  }

  private repeated(): { text: string; repetitions: number } {
    const { text, repetitions, isAssertion = false } = this.atom();
    const [quantifier, times] = this.quantifier();
    if (quantifier === '') return { text, repetitions };
    if (isAssertion) throw new Error(`${quantifier} after ${text}`);
    if (times * repetitions > MAX_REPETITIONS) throw new Error(`more than ${MAX_REPETITIONS} repetitions`);
    if (this.quantifier()[0] !== '') throw new Error('a nested quantifier');
    return { text: text + quantifier, repetitions: times * repetitions };
  }

  private quantifier(): [text: string, times: number] {
    let text = '';
    let times = 1;
    if (this.next !== undefined && '*+?'.includes(this.next)) text = this.next;
    else if (this.next === '{') {
      if (/^\{(?:\d{1,9},)?\d{10}/.test(this.rest(24))) {
        throw new Error(`more than ${MAX_REPETITIONS} repetitions`);
      }
      const found = /^\{(\d{1,9})(?:(,)(\d{1,9})?)?\}/.exec(this.rest(24));
      if (found === null) return ['', 1];
      const [whole, least, , most] = found;
      if (most !== undefined && Number(most) < Number(least)) throw new Error(`the range ${whole}`);
      if (hasLeadingZero(least) || hasLeadingZero(most)) throw new Error(`the leading zero of ${whole}`);
      text = whole;
      times = Math.max(1, Number(most ?? least));
    }
    if (text === '') return ['', 1];
    this.at += text.length;
    if (this.next === '?') {
      this.at++;
      text += '?';
    }
    return [text, times];
  }

  private atom(): { text: string; repetitions: number; isAssertion?: boolean } {
    const [quantifier] = this.quantifier();
    if (quantifier !== '') throw new Error(`a ${quantifier} with nothing to repeat`);
    const character = this.take();
    switch (character) {
      case '(':
        return this.group();
      case '[':
        return { text: this.characterClass(), repetitions: 1 };
      case '.':
        return { text: String.raw`[^\n]`, repetitions: 1 };
      case '^':
      case '$':
        return { text: character, repetitions: 1, isAssertion: true };
      case '\\': {
        if (this.next === 'b') return { text: `\\${this.take()}`, repetitions: 1, isAssertion: true };
        return { text: this.escape(false), repetitions: 1 };
      }
      default:
        return { text: literal(character), repetitions: 1 };
    }
  }

  private group(): { text: string; repetitions: number } {
    if (this.next === '?') {
      const kind = this.rest(3);
      if (!kind.startsWith('?:')) throw new Error(`(${kind}`);
      this.at += 2;
    }
    const { text, repetitions } = this.alternatives();
    if (this.next !== ')') throw new Error('a ( without a )');
    this.at++;
    return { text: `(?:${text})`, repetitions };
  }

  private characterClass(): string {
    let text = '[';
    if (this.next === '^') text += this.take();
    if (this.next === ']') throw new Error(`the empty class ${text}]`);
    while (this.next !== ']') {
      if (this.next === undefined) throw new Error('a [ without a ]');
      if (this.rest(2) === '[:') throw new Error('[: in a class');
      const first = this.member();
      const isRange = this.next === '-' && this.characters[this.at + 1] !== ']';
      if (!isRange || first.isClass) {
        // After a class, a dash is literal in JavaScript and undefined in RE2.
        if (isRange) throw new Error('a range that begins with a class');
        text += first.text;
        continue;
      }
      this.at++;
      const last = this.next === undefined ? undefined : this.member();
      if (last === undefined || last.isClass || last.code < first.code) throw new Error('an invalid range');
      text += `${first.text}-${last.text}`;
    }
    this.at++;
    return `${text}]`;
  }

  private member(): { text: string; isClass: boolean; code: number } {
    const character = this.take();
    if (character !== '\\') return { text: literal(character), isClass: false, code: codeOf(character) };
    const start = this.at;
    const text = this.escape(true);
    const isClass = 'dDwWspP'.includes(this.characters[start] ?? '');
    const code = isClass ? NaN : codeOf(valueOf(text));
    return { text, isClass, code };
  }

  /** Translates an escape after its backslash. */
  private escape(inClass: boolean): string {
    const character = this.take();
    if (CONTROL_ESCAPES.includes(character) || CLASS_ESCAPES.includes(character)) return `\\${character}`;
    if (character === 's') return inClass ? SPACE : `[${SPACE}]`;
    if (character === 'S' && !inClass) return `[^${SPACE}]`;
    if (character === 'x') {
      const digits = this.rest(2);
      if (!/^[0-9a-f]{2}$/i.test(digits)) throw new Error(`\\x${this.rest(1)}`);
      this.at += 2;
      return `\\x${digits}`;
    }
    if (character === 'p' || character === 'P') {
      const [whole, category] = /^\{(\w{1,2})\}/.exec(this.rest(4)) ?? [];
      if (whole === undefined || category === undefined || !CATEGORIES.has(category)) {
        throw new Error(`\\${character}${/^(\{[^}]*\}|.)?/su.exec(this.rest(32))?.[0] ?? ''}`);
      }
      this.at += whole.length;
      return `\\${character}${whole}`;
    }
    if (!/^[\x20-\x7e]$/.test(character) || /[0-9a-z]/i.test(character)) throw new Error(`\\${character}`);
    return literal(character);
  }

  private take(): string {
    const character = this.characters[this.at++];
    if (character === undefined) throw new Error('a \\ at the end');
    return character;
  }
}

/** Returns a literal character, escaped if need be, inside or outside of a class. */
function literal(character: string): string {
  return /[\^$\\.*+?()[\]{}|/-]/.test(character)
    ? `\\x${codeOf(character).toString(16).padStart(2, '0')}`
    : character;
}

/** Returns the character that an escape stands for. */
function valueOf(text: string): string {
  if (text.startsWith('\\x')) return String.fromCharCode(Number.parseInt(text.slice(2), 16));
  return text.startsWith('\\') ? '\t\n\r\f\v'.charAt(CONTROL_ESCAPES.indexOf(text.charAt(1))) : text;
}

function codeOf(character: string): number {
  return character.codePointAt(0) ?? NaN;
}

function hasLeadingZero(digits: string | undefined): boolean {
  return digits !== undefined && digits.length > 1 && digits.startsWith('0');
}
