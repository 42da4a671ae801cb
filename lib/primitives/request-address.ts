/** The address of a request and what lets it in, as `fetch` takes them: it refuses an address with a user in it. */
export interface RequestAddress {
  readonly url: URL;
  readonly headers: Headers;
}

/**
 * Takes the user and the password out of an address and makes of them the header that says them, as other clients of
 * HTTP do. A header of that name that is given goes before.
 *
 * @throws {TypeError} for what is no address, without showing it
 */
export function requestAddress(
  given: string | URL,
  headers: Readonly<Record<string, string>> = {},
): RequestAddress {
  const url = new URL(given);
  const all = new Headers(headers);
  const { username, password } = url;
  if (username + password !== '' && !all.has('authorization')) {
    const credentials = Buffer.from(`${decoded(username)}:${decoded(password)}`).toString('base64');
    all.set('authorization', `Basic ${credentials}`);
  }
  url.username = '';
  url.password = '';
  return { url, headers: all };
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
