import type { ClientRequest } from 'node:http';

/** What cannot be told. */
const UNKNOWN = 'unknown';
const UNIX_SOCKET = 'unix';

const DEFAULT_PORTS: Readonly<Record<string, string>> = { 'http:': '80', 'https:': '443' };

/**
 * Where a request of `node:http` goes: host, and port if it is not the usual one. Neither path nor credentials; and
 * not the `Host` header, which may say anything, except for the port, which is nowhere else.
 */
export function hostOf(request: ClientRequest & { readonly socketPath?: unknown }): string {
  if (typeof request.socketPath === 'string') return UNIX_SOCKET;
  const host = request.host.toLowerCase();
  if (host === '') return UNKNOWN;
  const name = host.includes(':') && !host.startsWith('[') ? `[${host}]` : host;
  const header = request.getHeader('host');
  const port = typeof header === 'string' ? /:(\d{1,5})$/.exec(header)?.[1] : undefined;
  return port === undefined || port === DEFAULT_PORTS[request.protocol] ? name : `${name}:${port}`;
}

/** As {@link hostOf}, of what undici calls the origin of a request. */
export function hostOfOrigin(origin: string | URL): string {
  try {
    return new URL(origin).host || UNKNOWN;
  } catch {
    return UNKNOWN;
  }
}
