import { shortName } from '../push/short-name.js';

const MAX_NAME_LENGTH = 200;
const MAX_TAG_LENGTH = 200;

/**
 * A name as Datadog takes it: it starts with a letter and has no colons. What is changed is made of dots, which our
 * names do not have, so that two names stay two.
 *
 * @see https://docs.datadoghq.com/metrics/custom_metrics/
 */
export function datadogName(name: string): string {
  const withoutColons = name.replaceAll(':', '.');
  return shortName(/^[a-zA-Z]/.test(withoutColons) ? withoutColons : `m.${withoutColons}`, MAX_NAME_LENGTH);
}

/**
 * Labels as Datadog keeps them, in an order of their own: what it would make the same is the same here already. A
 * label without a value is none.
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
  return (
    text
      .normalize('NFC')
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}_\-:./]+/gu, '_')
      .slice(0, MAX_TAG_LENGTH)
      // Half a character, and what Datadog takes off an end.
      .replace(/[\ud800-\udbff]$/, '')
      .replace(/(?<![_:])[_:]+$/, '')
  );
}
