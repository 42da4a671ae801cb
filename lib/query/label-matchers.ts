import { PortableRegExp } from '../primitives/portable-regexp.js';

/** A condition on the value of a label: a pattern, or its negation. An absent label counts as empty. */
export type LabelMatcher = LabelPattern | { readonly not: LabelPattern };
/** A label value, a list of alternatives, or a regular expression that must match the whole value as in PromQL. */
export type LabelPattern = string | readonly string[] | RegExp;

/** Conditions on several labels, by label name. */
export type LabelMatchers = Readonly<Record<string, LabelMatcher>>;

/** One label matcher as in PromQL and Alertmanager. */
export interface Matcher {
  readonly name: string;
  readonly operator: '=' | '!=' | '=~' | '!~';
  readonly value: string;
}

/** Converts conditions on labels to matchers. */
export function matchersOf(matchers: LabelMatchers): Matcher[] {
  return Object.entries(matchers).map(([name, matcher]) => {
    const negated = typeof matcher === 'object' && 'not' in matcher;
    const pattern = negated ? matcher.not : matcher;
    if (typeof pattern === 'string') return { name, operator: negated ? '!=' : '=', value: pattern };
    const value = pattern instanceof RegExp ? pattern.source : pattern.map(escapeRegExp).join('|');
    return { name, operator: negated ? '!~' : '=~', value };
  });
}

/** Returns a function that tests labels against matchers; it compiles regular expressions once. */
export function labelTest(
  matchers: readonly Matcher[],
): (labels: Readonly<Record<string, string>>) => boolean {
  const tests = matchers.map(({ name, operator, value }) => {
    const negated = operator.startsWith('!');
    if (operator === '=' || operator === '!=') {
      return { name, accepts: (text: string) => (text === value) !== negated };
    }
    const pattern = new PortableRegExp(value);
    return { name, accepts: (text: string) => pattern.matches(text) !== negated };
  });
  return (labels) =>
    tests.every(({ name, accepts }) => accepts((Object.hasOwn(labels, name) && labels[name]) || ''));
}

/** Returns true if a value is a valid matcher. */
export function isMatcher(given: unknown): given is Matcher {
  if (typeof given !== 'object' || given === null) return false;
  const { name, operator, value } = given as Record<string, unknown>;
  if (typeof name !== 'string' || typeof value !== 'string') return false;
  if (operator === '=' || operator === '!=') return true;
  return (operator === '=~' || operator === '!~') && isPortableRegExp(value);
}

function isPortableRegExp(source: string): boolean {
  try {
    PortableRegExp.check(source);
    return true;
  } catch {
    return false;
  }
}

function escapeRegExp(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
