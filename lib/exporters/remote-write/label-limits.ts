import { createHash } from 'node:crypto';

/**
 * Length limits of receivers, in bytes of UTF-8: the defaults of Mimir and Cortex, which Grafana Cloud and Amazon Managed
 * Prometheus apply too. They reject a longer text with everything that is sent with it.
 *
 * @see https://grafana.com/docs/mimir/latest/configure/configuration-parameters/#limits
 */
export const MAX_LABEL_NAME_BYTES = 1_024;
export const MAX_LABEL_VALUE_BYTES = 2_048;
export const MAX_HELP_BYTES = 1_024;

const DIGEST_LENGTH = 8;
/** No character of UTF-16 is longer in UTF-8. */
const MAX_CHARACTER_BYTES = 3;

/**
 * Returns the text, cut to at most `maxBytes` bytes of UTF-8 if it is longer. A digest at its end keeps cut texts distinct.
 */
export function limitedText(text: string, maxBytes: number): string {
  if (text.length * MAX_CHARACTER_BYTES <= maxBytes) return text;
  const bytes = Buffer.from(text);
  if (bytes.length <= maxBytes) return text;
  const digest = createHash('sha256').update(bytes).digest('hex').slice(0, DIGEST_LENGTH);
  let end = maxBytes - DIGEST_LENGTH - 1;
  // Not within a character, whose further bytes begin with the bits 10.
  while (((bytes[end] ?? 0) & 0xc0) === 0x80) end--;
  return `${bytes.toString('utf8', 0, end)}_${digest}`;
}
