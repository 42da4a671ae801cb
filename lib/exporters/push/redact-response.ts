const MAX_LENGTH = 300;
/** A shorter header value is no secret, and redacting it would garble the text. */
const MIN_SECRET_LENGTH = 6;
const PUBLIC_HEADERS = new Set(['content-type', 'content-encoding', 'user-agent']);

/**
 * Returns the beginning of a response for an error message, without the credentials of the request, which some remotes
 * repeat.
 *
 * @param headers the headers of the request
 */
export function redactResponse(text: string, headers: Readonly<Record<string, string>>): string {
  const secrets = Object.entries(headers)
    .filter(([name]) => !PUBLIC_HEADERS.has(name.toLowerCase()))
    // The first word of `authorization` is its scheme.
    .flatMap(([, value]) => [value, ...value.split(' ').slice(1)])
    .filter((value) => value.length >= MIN_SECRET_LENGTH);
  // Redacted before it is cut, so that no half of a secret remains at the end.
  const redacted = redactValues(text, secrets);
  return redacted.replaceAll(/\s+/g, ' ').trim().slice(0, MAX_LENGTH);
}

/** Returns the text with each of these secrets replaced by `***`. */
export function redactValues(text: string, secrets: readonly string[]): string {
  return secrets.reduce((redacted, secret) => redacted.replaceAll(secret, '***'), text);
}
