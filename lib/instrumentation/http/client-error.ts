import type { Socket } from 'node:net';

const CLIENT_ERROR_STATUS = Symbol('monitoring.client-error-status');

interface SocketWithStatus extends Socket {
  [CLIENT_ERROR_STATUS]?: number;
}

/** The code of a request that is incomplete because the client disconnected. */
const CLIENT_DISCONNECTED = 'HPE_INVALID_EOF_STATE';

/** The status with which Node responds to a client error, by error code; 400 for every other parser error. */
const STATUS_BY_CODE: Readonly<Record<string, number>> = {
  HPE_HEADER_OVERFLOW: 431,
  HPE_CHUNK_EXTENSIONS_OVERFLOW: 413,
  ERR_HTTP_REQUEST_TIMEOUT: 408,
};

/**
 * Records a client error on its connection, and returns the status with which Node responds. Returns undefined for a
 * lost connection, and for a connection that has not sent anything yet.
 */
export function recordClientError(socket: Socket, error: NodeJS.ErrnoException): number | undefined {
  const { code } = error;
  if (typeof code !== 'string' || code === CLIENT_DISCONNECTED || socket.bytesRead === 0) return undefined;
  const status = STATUS_BY_CODE[code] ?? (code.startsWith('HPE_') ? 400 : undefined);
  if (status !== undefined) (socket as SocketWithStatus)[CLIENT_ERROR_STATUS] = status;
  return status;
}

/** Returns the status with which Node has responded to a client error on a connection, if there was one. */
export function clientErrorStatusOf(socket: Socket): number | undefined {
  return (socket as SocketWithStatus)[CLIENT_ERROR_STATUS];
}
