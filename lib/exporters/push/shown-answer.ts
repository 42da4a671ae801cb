/** How much of an answer is shown. */
const SHOWN_LENGTH = 300;
/** What is too short is no secret. */
const SHORTEST_SECRET = 6;
/** Headers that say what is sent, not who sends it. */
const OPEN_HEADERS = new Set(['content-type', 'content-encoding', 'user-agent']);

/**
 * The beginning of what a remote said, for a message: without the credentials that it was sent, which some repeat.
 *
 * @param headers those of the request
 */
export function shownAnswer(text: string, headers: Readonly<Record<string, string>>): string {
  const secrets = Object.entries(headers)
    .filter(([name]) => !OPEN_HEADERS.has(name.toLowerCase()))
    // The scheme of an authorization is none.
    .flatMap(([, value]) => [value, ...value.split(' ').slice(1)])
    .filter((value) => value.length >= SHORTEST_SECRET);
  // Before it is cut, so that there is no half of one at the end.
  const masked = secrets.reduce((shown, secret) => shown.replaceAll(secret, '***'), text);
  return masked.replaceAll(/\s+/g, ' ').trim().slice(0, SHOWN_LENGTH);
}
