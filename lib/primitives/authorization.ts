/** The credentials of requests: of basic authentication, or a token. */
interface Credentials {
  readonly basicAuth?: { readonly username: string; readonly password: string } | undefined;
  readonly bearerToken?: string | undefined;
}

/** Returns the header with the credentials of a request; none without credentials. */
export function authorizationOf({ basicAuth, bearerToken }: Credentials): {
  readonly authorization?: string;
} {
  if (bearerToken !== undefined) return { authorization: `Bearer ${bearerToken}` };
  if (basicAuth === undefined) return {};
  const { username, password } = basicAuth;
  return { authorization: `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}` };
}
