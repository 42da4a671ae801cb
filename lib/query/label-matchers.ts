import { CommonRegExp } from '../primitives/common-regexp.js';

/**
 * What a label has to be: this value, one of these, or like this expression, which must match the whole value as
 * in PromQL. A label that is absent counts as empty.
 */
export type LabelMatcher = LabelPattern | { readonly not: LabelPattern };
/** A value, several of which any will do, or an expression. */
export type LabelPattern = string | readonly string[] | RegExp;

/** What several labels have to be. */
export type LabelMatchers = Readonly<Record<string, LabelMatcher>>;

/** One matcher as PromQL and Alertmanager write it. */
export interface Matcher {
  readonly name: string;
  readonly operator: '=' | '!=' | '=~' | '!~';
  readonly value: string;
}

export function matchersOf(matchers: LabelMatchers): Matcher[] {
  return Object.entries(matchers).map(([name, matcher]) => {
    const negated = typeof matcher === 'object' && 'not' in matcher;
    const pattern = negated ? matcher.not : matcher;
    if (typeof pattern === 'string') return { name, operator: negated ? '!=' : '=', value: pattern };
    const value = pattern instanceof RegExp ? pattern.source : pattern.map(escapeRegExp).join('|');
    return { name, operator: negated ? '!~' : '=~', value };
  });
}

/** Whether labels are what the matchers say; made once, asked often. */
export function labelTest(
  matchers: readonly Matcher[],
): (labels: Readonly<Record<string, string>>) => boolean {
  const tests = matchers.map(({ name, operator, value }) => {
    const negated = operator.startsWith('!');
    if (operator === '=' || operator === '!=')
      return { name, is: (text: string) => (text === value) !== negated };
    const whole = new CommonRegExp(value);
    return { name, is: (text: string) => whole.matches(text) !== negated };
  });
  return (labels) => tests.every(({ name, is }) => is(Object.hasOwn(labels, name) ? labels[name] : ''));
}

/** Whether it is a matcher that can be tested. */
export function isMatcher(given: unknown): given is Matcher {
  if (typeof given !== 'object' || given === null) return false;
  const { name, operator, value } = given as Record<string, unknown>;
  if (typeof name !== 'string' || typeof value !== 'string') return false;
  if (operator === '=' || operator === '!=') return true;
  return (operator === '=~' || operator === '!~') && isCommonRegExp(value);
}

function isCommonRegExp(source: string): boolean {
  try {
    CommonRegExp.check(source);
    return true;
  } catch {
    return false;
  }
}

function escapeRegExp(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
