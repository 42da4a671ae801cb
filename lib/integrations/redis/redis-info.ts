/** The statistics of one Redis server, by name. */
export type RedisInfo = ReadonlyMap<string, string>;

/** Parses the reply to `INFO`. */
export function parseRedisInfo(text: string): RedisInfo {
  const lines = text.split(/\r?\n/).filter((line) => line.includes(':') && !line.startsWith('#'));
  return new Map(
    lines.map((line) => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon), line.slice(colon + 1)] as const;
    }),
  );
}

/** Returns a statistic as a number; undefined if the server does not report it. */
export function redisNumber(info: RedisInfo, name: string): number | undefined {
  const text = info.get(name);
  const value = Number(text);
  return text === undefined || text === '' || Number.isNaN(value) ? undefined : value;
}

/** Returns the number of keys of each database, and the number of those that expire. */
export function redisKeys(info: RedisInfo): { database: string; keys: number; expires: number }[] {
  return [...info].flatMap(([name, text]) => {
    const match = /^keys=(\d+),expires=(\d+)/.exec(text);
    return /^db\d+$/.test(name) && match !== null
      ? [{ database: name, keys: Number(match[1]), expires: Number(match[2]) }]
      : [];
  });
}
