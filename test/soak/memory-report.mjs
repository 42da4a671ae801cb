import { mkdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const [WIDTH, HEIGHT, MARGIN] = [800, 300, 50];

/**
 * Writes how much memory there was over time, as a table and as a picture.
 *
 * @returns where
 */
export function writeMemoryReport(samples) {
  const folder = join(tmpdir(), 'nestjs-monitoring-soak');
  mkdirSync(folder, { recursive: true });
  const rows = samples.map(({ seconds, bytes, rss, historyBytes, files }) =>
    [seconds.toFixed(1), bytes, historyBytes, rss, files ?? ''].join(','),
  );
  writeFileSync(
    join(folder, 'memory.csv'),
    `${['seconds,bytes_after_gc,history_bytes,rss_bytes,open_files', ...rows].join('\n')}\n`,
  );
  writeFileSync(join(folder, 'memory.svg'), picture(samples));
  return folder;
}

function picture(samples) {
  const longest = samples.at(-1)?.seconds ?? 1;
  const highest = Math.max(...samples.map(({ bytes }) => bytes)) * 1.2;
  const points = samples.map(({ seconds, bytes }) => {
    const x = MARGIN + (seconds / longest) * (WIDTH - 2 * MARGIN);
    const y = HEIGHT - MARGIN - (bytes / highest) * (HEIGHT - 2 * MARGIN);
    return `${x.toFixed(1)},${y.toFixed(1)}`;
  });
  const [bottom, right] = [HEIGHT - MARGIN, WIDTH - MARGIN];
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="12">`,
    `<title>Memory of the sample application after garbage collection</title>`,
    `<rect width="100%" height="100%" fill="white"/>`,
    `<path d="M${MARGIN} ${MARGIN}V${bottom}H${right}" fill="none" stroke="black"/>`,
    `<polyline points="${points.join(' ')}" fill="none" stroke="#2060c0" stroke-width="2"/>`,
    `<text x="${MARGIN}" y="${MARGIN - 10}">${megabytes(highest)} after garbage collection</text>`,
    `<text x="${right}" y="${bottom + 20}" text-anchor="end">${longest.toFixed(0)} s</text>`,
    '</svg>\n',
  ].join('\n');
}

export function megabytes(bytes) {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}
