import { onFirstUse } from './on-first-use.js';

/** Control characters of Unicode, and its line and paragraph separators. */
const CONTROLS = onFirstUse(() => /[\p{Cc}\u2028\u2029]/gu);
/** The same without the line breaks and tabs of a stack trace. */
const CONTROLS_OF_LINES = onFirstUse(() => /(?![\n\t])[\p{Cc}\u2028\u2029]/gu);
const SHORT: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/**
 * Returns a text with its control characters escaped, such as `\\u001b`: a value from outside must not begin a new line
 * of a log, or change how a terminal shows it.
 */
export function escapeControls(text: string): string {
  return text.replace(CONTROLS(), escaped);
}

/** Returns a text of several lines with every other control character escaped. */
export function escapeControlsOfLines(text: string): string {
  return text.replace(CONTROLS_OF_LINES(), escaped);
}

function escaped(character: string): string {
  return SHORT[character] ?? `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
