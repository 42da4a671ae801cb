/** The error classes by the first two characters of the SQLSTATE. */
const SQLSTATE_CLASSES: Readonly<Record<string, string>> = {
  '08': 'connection',
  '22': 'data',
  '23': 'integrity_constraint',
  '25': 'transaction_state',
  '28': 'authorization',
  '40': 'transaction_rollback',
  '42': 'syntax_or_access',
  '53': 'insufficient_resources',
  '54': 'limit_exceeded',
  '55': 'object_state',
  '57': 'operator_intervention',
  '58': 'system',
  XX: 'internal',
};

/** The error classes by the code of MongoDB, which has no SQLSTATE. */
const MONGODB_CODES: ReadonlyMap<unknown, string> = new Map([
  ...[11_000, 11_001, 12_582, 121].map((code) => [code, 'integrity_constraint'] as const),
  ...[112, 251].map((code) => [code, 'transaction_rollback'] as const),
  ...[13, 18].map((code) => [code, 'authorization'] as const),
  ...[6, 7, 89, 91].map((code) => [code, 'connection'] as const),
]);

const NETWORK = /^E(CONN|PIPE|HOST|NET|TIMEDOUT|AI_)/;
const CONNECTION_LOST =
  /connection (terminated|closed|error|ended|lost)|connection is closed|closed state|not queryable/i;
const CONSTRAINT = /constraint/i;

/** Returns the class of an error of a statement. The classes are a fixed set, and no message becomes one. */
export function queryErrorClass(error: unknown): string {
  if (typeof error !== 'object' || error === null) return 'other';
  const { code, sqlState, message } = error as { code?: unknown; sqlState?: unknown; message?: unknown };
  for (const state of [sqlState, code]) {
    if (typeof state === 'string' && /^[0-9A-Z]{5}$/.test(state)) {
      const known = SQLSTATE_CLASSES[state.slice(0, 2)];
      if (known !== undefined) return known;
    }
  }
  const mongoDbClass = MONGODB_CODES.get(code);
  if (mongoDbClass !== undefined) return mongoDbClass;
  if (typeof code === 'string' && (NETWORK.test(code) || code === 'PROTOCOL_CONNECTION_LOST'))
    return 'connection';
  if (typeof message !== 'string') return 'other';
  if (CONNECTION_LOST.test(message)) return 'connection';
  // SQLite has no SQLSTATE.
  return CONSTRAINT.test(message) ? 'integrity_constraint' : 'other';
}

/** The codes of errors that a server sends: SQLSTATE, or the number of MongoDB. */
const RESPONSE_CODE = /^(?:\d[0-9A-Z]{4}|(?:F0|HV|P0|XX)[0-9A-Z]{3}|\d{1,5})$/;

/**
 * Returns the code of an error of a statement: its SQLSTATE, the number of MongoDB or the code of the network, or else its
 * class. No message becomes one.
 */
export function queryErrorCode(error: unknown): string {
  if (typeof error === 'object' && error !== null) {
    const { code, sqlState } = error as { code?: unknown; sqlState?: unknown };
    for (const given of [sqlState, code]) {
      const text = typeof given === 'number' ? String(given) : given;
      if (typeof text === 'string' && (RESPONSE_CODE.test(text) || (NETWORK.test(text) && text.length < 20)))
        return text;
    }
  }
  return queryErrorClass(error);
}
