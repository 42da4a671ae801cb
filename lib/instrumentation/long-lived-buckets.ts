/** Buckets for connections, streams and subscriptions, which last from seconds to days. */
export const LONG_LIVED_BUCKETS = [1, 10, 60, 300, 900, 3_600, 14_400, 86_400];
