import type { ClientRequest } from 'node:http';

/** The `host` of a request without a usable host. */
const UNKNOWN = 'unknown';
/** The `host` of a request through a Unix socket. */
export const UNIX_SOCKET = 'unix';

const DEFAULT_PORTS: Readonly<Record<string, string>> = { 'http:': '80', 'https:': '443' };

/**
 * Returns the host of a request of `node:http`, with its port unless that is the default port of the protocol.
 *
 * The result contains no path and no credentials. The name is not read from the `Host` header, which can have any
 * value. Only the port is, because Node keeps it nowhere else.
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

/** Returns the host of an undici request from its origin, like {@link hostOf}. */
export function hostOfOrigin(origin: string | URL): string {
  try {
    return new URL(origin).host || UNKNOWN;
  } catch {
    return UNKNOWN;
  }
}
