/** Names of the transports, by their number in Nest's `Transport` enum. */
const TRANSPORTS = ['tcp', 'redis', 'nats', 'mqtt', 'grpc', 'rabbitmq', 'kafka'];

/** Returns the name of a transport. A custom strategy has the name of its identifier, or else of its class. */
export function transportName(server: object): string {
  const { transportId } = server as { transportId?: unknown };
  if (typeof transportId === 'number') return TRANSPORTS[transportId] ?? String(transportId);
  if (typeof transportId === 'symbol') return transportId.description ?? 'custom';
  return typeof transportId === 'string' ? transportId : server.constructor.name;
}

/** Returns the pattern of a handler as a string: JSON with sorted keys for an object. */
export function formatPattern(pattern: unknown): string {
  if (typeof pattern !== 'object' || pattern === null || pattern instanceof RegExp) return String(pattern);
  return JSON.stringify(pattern, (_key, value: unknown) =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : value,
  );
}
