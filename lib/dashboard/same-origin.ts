import type { IncomingHttpHeaders } from 'node:http';

/**
 * Returns true unless a browser sent the request for a page of another origin, which may use the credentials that the
 * browser has cached. Clients other than browsers send neither header.
 */
export function isSameOrigin(headers: IncomingHttpHeaders): boolean {
  const site = headers['sec-fetch-site'];
  // The browser knows the origin better than a server behind a proxy, but sends this header only over HTTPS and to localhost.
  if (site !== undefined) return site === 'same-origin' || site === 'none';
  const { origin } = headers;
  if (origin === undefined) return true;
  if (!URL.canParse(origin)) return false;
  const { protocol, host } = new URL(origin);
  const forwarded = String(headers['x-forwarded-host'] ?? '').split(',');
  return [headers.host ?? '', ...forwarded].some((own) => hostOf(protocol, own.trim()) === host);
}

/** Returns a host without the default port of the protocol. */
function hostOf(protocol: string, host: string): string | undefined {
  const url = `${protocol}//${host}`;
  return host !== '' && URL.canParse(url) ? new URL(url).host : undefined;
}
