// Prints the CPU that the page of requests takes over so many routes and an hour of samples, and its longest step.
import { ViewReader } from '../../../build/dashboard/views/view-data.js';
import { REQUESTS } from '../../../build/dashboard/views/http-views.js';
import { HistoryStore } from '../../../build/history/history-store.js';
import { MetricsRegistry } from '../../../build/metrics/registry.js';
import { MetricsHistory } from '../../../build/query/metrics-history.js';

const HOUR_MS = 3_600_000;
const INTERVAL_MS = 15_000;
const READS = 15;
const routes = Number(process.argv[2]);

let now = Date.now() - HOUR_MS;
const registry = new MetricsRegistry({ clock: { now: () => now, monotonic: () => now } });
const store = new HistoryStore({ intervalMs: INTERVAL_MS, durationMs: HOUR_MS, maxBytes: 32 * 1024 * 1024 });
const history = new MetricsHistory(store);
const labelNames = ['method', 'route', 'status_code'];
const requests = registry.counter('http_requests_total', 'Requests.', { labelNames });
const durations = registry.timer('http_request_duration_seconds', 'Durations.', { labelNames });
history.retain({ metric: 'http_requests_total' });
history.retain({ metric: 'http_request_duration_seconds', percentiles: true });
for (let step = 0; step * INTERVAL_MS <= HOUR_MS; step++) {
  now += INTERVAL_MS;
  for (let i = 0; i < routes; i++) {
    const labels = { method: 'GET', route: `/route-${i}`, status_code: '200' };
    requests.inc(labels, 3);
    for (let j = 0; j < 3; j++) durations.observe(labels, ((i * 7 + step * 13 + j * 101) % 1_000) + 1);
  }
  store.add(registry.snapshot({ exponential: store.metricsWithPercentiles }));
}

const views = new ViewReader(history, () => []);
const reads = [];
for (let read = 0; read < READS; read++) {
  const work = views.read(REQUESTS, HOUR_MS);
  const before = process.cpuUsage();
  let longestMs = 0;
  for (let done = false; !done;) {
    const startedAt = performance.now();
    done = work.next().done;
    longestMs = Math.max(longestMs, performance.now() - startedAt);
  }
  const { user, system } = process.cpuUsage(before);
  reads.push({ ms: (user + system) / 1_000, longestMs });
}
const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
console.log(
  JSON.stringify({
    ms: median(reads.map(({ ms }) => ms)),
    longestMs: median(reads.map(({ longestMs }) => longestMs)),
  }),
);
