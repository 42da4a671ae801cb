import { expectOption } from '../../options/option-checks.js';
import { checked, group, list, type OptionEntry } from '../../options/option-table.js';

const NAMESPACE_PATTERN = /^(?!AWS\/)(?!:)[A-Za-z0-9._\-/#: ]{1,255}$/;

/** The entry of the namespace of the metrics, which is required. */
export const NAMESPACE: OptionEntry<string> = group((namespace: string | undefined, option) => {
  const expected =
    'at most 255 letters, digits, spaces and . - _ / # : that start with neither AWS/ nor a colon';
  expectOption(option, namespace, expected, isNamespace(namespace));
  return namespace as string;
});

/** The entry of the encoding of histograms. */
export const DISTRIBUTIONS: OptionEntry<'values' | 'statistics'> = checked<'values' | 'statistics'>(
  '"values" or "statistics"',
  (given) => given === 'values' || given === 'statistics',
  'values',
);

/** The entry of the additional aggregations. */
export const ROLL_UPS: OptionEntry<readonly (readonly string[])[]> = list(
  'an array of arrays of label names',
  isArrayOfStrings,
);

function isNamespace(given: unknown): given is string {
  return typeof given === 'string' && NAMESPACE_PATTERN.test(given) && given.trim() !== '';
}

function isArrayOfStrings(value: unknown): boolean {
  return Array.isArray(value) && value.every((entry: unknown) => typeof entry === 'string');
}
