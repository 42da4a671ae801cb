/**
 * Label values with a meaning of their own, which the recorder of a metric writes and another convention spells
 * differently.
 */

/** The `method` of a request with another method than those of RFC 9110 and PATCH, or with none. */
export const OTHER_METHOD = 'OTHER';

/** The `route` of every request that matches no route of the application. */
export const UNMATCHED_ROUTE = '<unmatched>';

/** The `pattern` of every message without a handler. */
export const UNMATCHED_PATTERN = '<unmatched>';

/** The `status_code` of an outgoing request without a response. */
export const NO_RESPONSE = 'error';

/** The `table` of a statement whose table cannot be determined. */
export const UNKNOWN_TABLE = 'unknown';
