/** The transports of Nest, by their number there. */
const TRANSPORTS = ['tcp', 'redis', 'nats', 'mqtt', 'grpc', 'rabbitmq', 'kafka'];

/** The name of a transport; a strategy of the application has that of its class, or its identifier if it has one. */
export function transportName(server: object): string {
  const { transportId } = server as { transportId?: unknown };
  if (typeof transportId === 'number') return TRANSPORTS[transportId] ?? String(transportId);
  if (typeof transportId === 'symbol') return transportId.description ?? 'custom';
  return typeof transportId === 'string' ? transportId : server.constructor.name;
}

/** The pattern of a handler as text: an object as JSON with its keys in order, whatever order they were written in. */
export function patternText(pattern: unknown): string {
  if (typeof pattern !== 'object' || pattern === null || pattern instanceof RegExp) return String(pattern);
  return JSON.stringify(pattern, (_, value: unknown) =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : value,
  );
}
