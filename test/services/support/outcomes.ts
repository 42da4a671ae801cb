import type { PrometheusServer } from './prometheus.server.js';

/** What is counted together: a method, a route and a status. */
export function keyOf(labels: Readonly<Record<string, string>>): string {
  return `${labels['method']} ${labels['route']} ${labels['status_code']}`;
}

/** How many requests Prometheus has stored for a job, by method, route and status. */
export async function storedRequests(
  prometheus: PrometheusServer,
  job: string,
): Promise<Record<string, number>> {
  const samples = await prometheus.query(`http_requests_total{job=${JSON.stringify(job)}}`);
  return Object.fromEntries(samples.map(({ labels, value }) => [keyOf(labels), value]));
}
