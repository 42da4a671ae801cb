import { shortName } from '../push/short-name.js';
import { onFirstUse } from '../../primitives/on-first-use.js';
import { trimEnd } from '../../primitives/trim-end.js';

const MAX_NAME_LENGTH = 200;
const MAX_TAG_LENGTH = 200;

const NOT_IN_TAGS = onFirstUse(() => /[^\p{L}\p{N}_\-:./]+/gu);

/**
 * Returns a metric name that Datadog accepts, which starts with a letter and has no colons. Replacements use dots,
 * which metric names never contain, so that distinct names stay distinct.
 *
 * @see https://docs.datadoghq.com/metrics/custom_metrics/
 */
export function datadogName(name: string): string {
  const withoutColons = name.replaceAll(':', '.');
  return shortName(/^[a-zA-Z]/.test(withoutColons) ? withoutColons : `m.${withoutColons}`, MAX_NAME_LENGTH);
}

/**
 * Returns labels as sorted Datadog tags, normalized as Datadog does, so that tags that it considers equal are equal
 * here. A label with an empty value is omitted.
 *
 * @see https://docs.datadoghq.com/getting_started/tagging/
 */
export function datadogTags(labels: Readonly<Record<string, string>>): string[] {
  const tags = Object.entries(labels)
    .filter(([, value]) => value.trim() !== '')
    .map(([name, value]) => tagOf(`${/^[a-zA-Z]/.test(name) ? '' : 'label'}${name}:${value}`));
  return [...new Set(tags)].toSorted();
}

function tagOf(text: string): string {
  const tag = text
    .normalize('NFC')
    .toLowerCase()
    .replaceAll(NOT_IN_TAGS(), '_')
    .slice(0, MAX_TAG_LENGTH)
    // Half of a surrogate pair.
    .replace(/[\ud800-\udbff]$/, '');
  // Datadog removes these characters at the end.
  return trimEnd(tag, '_:');
}
