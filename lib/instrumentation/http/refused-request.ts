import type { Socket } from 'node:net';

const REFUSED_STATUS = Symbol('monitoring.refused-status');

interface RefusedSocket extends Socket {
  [REFUSED_STATUS]?: number;
}

/** The code of a request that is incomplete because the client left. */
const CLIENT_LEFT = 'HPE_INVALID_EOF_STATE';

/** The answers of Node to what its parser refuses, by the code of the error; 400 to all others of the parser. */
const STATUS_BY_CODE: Readonly<Record<string, number>> = {
  HPE_HEADER_OVERFLOW: 431,
  HPE_CHUNK_EXTENSIONS_OVERFLOW: 413,
  ERR_HTTP_REQUEST_TIMEOUT: 408,
};

/**
 * Takes note that Node refuses what came by a connection, and returns the status that it answers. Returns undefined
 * for a connection that was lost, or that has brought nothing yet.
 */
export function noteRefusal(socket: Socket, error: NodeJS.ErrnoException): number | undefined {
  const { code } = error;
  if (typeof code !== 'string' || code === CLIENT_LEFT || socket.bytesRead === 0) return undefined;
  const status = STATUS_BY_CODE[code] ?? (code.startsWith('HPE_') ? 400 : undefined);
  if (status !== undefined) (socket as RefusedSocket)[REFUSED_STATUS] = status;
  return status;
}

/** Returns the status with which Node has refused what came by a connection. */
export function refusalOf(socket: Socket): number | undefined {
  return (socket as RefusedSocket)[REFUSED_STATUS];
}
