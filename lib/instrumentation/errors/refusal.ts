/**
 * Returns true for an exception by which the application refuses a request: one with a status below 500, as those of Nest,
 * Express and Fastify have, or a `WsException` or `RpcException`. Never throws.
 */
export function isRefusal(exception: unknown): boolean {
  try {
    const { getStatus, getError, status, statusCode } = exception as {
      readonly getStatus?: unknown;
      readonly getError?: unknown;
      readonly status?: unknown;
      readonly statusCode?: unknown;
    };
    if (typeof getError === 'function') return true;
    const named: unknown =
      typeof getStatus === 'function' ? getStatus.call(exception) : (statusCode ?? status);
    return typeof named === 'number' && named < 500;
  } catch {
    return false;
  }
}
