import type { Statistics } from './statistics.js';

/** For programs: how often each route was answered how, to be compared with what the server counted. */
export function reportJson(statistics: Statistics, seconds: number): string {
  return JSON.stringify({
    seconds: Number(seconds.toFixed(3)),
    total: statistics.total,
    byStatus: statistics.byStatus(),
    requests: statistics.operations().map(({ method, route, statusCode, durations }) => ({
      method,
      route,
      statusCode,
      count: durations.count(),
    })),
    aborted: statistics.aborted,
    failed: statistics.failed,
  });
}

/** For people. */
export function reportTable(statistics: Statistics, seconds: number): string {
  const { total, aborted, failed } = statistics;
  const rows = statistics
    .operations()
    .map(({ method, route, statusCode, durations }) => [
      method,
      route,
      String(statusCode),
      String(durations.count()),
      milliseconds(durations.percentile(0.5)),
      milliseconds(durations.percentile(0.95)),
    ]);
  return [
    ...aligned([['method', 'route', 'status', 'count', 'p50 ms', 'p95 ms'], ...rows]),
    '',
    `${total} requests in ${seconds.toFixed(1)} s, ${(total / seconds).toFixed(0)} a second;` +
      ` ${aborted} given up by the client (499), ${failed} failed`,
  ].join('\n');
}

function milliseconds(seconds: number): string {
  return (seconds * 1000).toFixed(1);
}

/** Words to the left, from the third column on numbers to the right. */
function aligned(rows: string[][]): string[] {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [column, { length }] of row.entries()) widths[column] = Math.max(widths[column] ?? 0, length);
  }
  return rows.map((row) =>
    row
      .map((cell, column) => {
        const width = widths[column] ?? cell.length;
        return column < 2 ? cell.padEnd(width) : cell.padStart(width);
      })
      .join('  '),
  );
}
