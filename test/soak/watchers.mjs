import { setMaxListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { requestTotals } from './counts.mjs';

const EVERY_MS = 1_000;
const STREAMS = 4;
/** A dashboard is closed and opened again after so long. */
const STREAM_MS = 5_000;

/** Everybody who looks at an application: Prometheus, Kubernetes, people with dashboards open, Alertmanager's users. */
export class Watchers {
  scrapes = 0;
  events = 0;
  reads = 0;
  /** Whatever was not as it should be. */
  failures = [];
  #latest = 0;
  #stopped = new AbortController();
  #tasks = [];

  /** @param {string} url where the monitoring endpoints are */
  constructor(url) {
    this.url = url;
    // One for each of those who look.
    setMaxListeners(0, this.#stopped.signal);
  }

  start() {
    const reads = [
      'metrics-dashboard/api/overview',
      'metrics-dashboard/api/endpoints',
      'metrics-dashboard/api/metrics',
      'metrics-dashboard/api/alerts',
      'metrics-dashboard/api/view?name=requests',
      'metrics-dashboard/api/view?name=runtime',
      'monitoring/api/v1/rules',
      'monitoring/api/v1/alerts',
      'health',
      'ready',
      'alive',
      'startup',
    ];
    this.#tasks = [
      this.#repeat(() => this.#scrape('text/plain')),
      this.#repeat(() => this.#scrape('application/openmetrics-text')),
      ...reads.map((path) => this.#repeat(() => this.#read(path))),
      ...Array.from({ length: STREAMS }, () => this.#repeat(() => this.#follow())),
    ];
  }

  async stop() {
    this.#stopped.abort();
    await Promise.all(this.#tasks);
  }

  async #repeat(task) {
    const { signal } = this.#stopped;
    while (!signal.aborted) {
      try {
        await task();
      } catch (error) {
        if (!signal.aborted) this.failures.push(String(error));
      }
      await sleep(EVERY_MS, undefined, { signal }).catch(() => undefined);
    }
  }

  /** Asks by a connection of its own: the server may close one that is kept in the moment of the next request. */
  #ask(path, { headers, ...options } = {}) {
    return fetch(`${this.url}/${path}`, { ...options, headers: { ...headers, connection: 'close' } });
  }

  async #scrape(accept) {
    const response = await this.#ask('metrics', { headers: { accept } });
    const text = await response.text();
    if (response.status !== 200) throw new Error(`a scrape was answered ${response.status}`);
    if (accept.includes('openmetrics') !== text.endsWith('# EOF\n')) throw new Error('a scrape was cut off');
    const total = Object.values(requestTotals(text)).reduce((sum, count) => sum + count, 0);
    // Two scrapes may come back in the other order; a counter that was lost shows in the next.
    if (total < this.#latest * 0.9) throw new Error(`requests went back from ${this.#latest} to ${total}`);
    this.#latest = Math.max(this.#latest, total);
    this.scrapes++;
  }

  async #read(path) {
    const response = await this.#ask(path);
    await response.json();
    if (response.status !== 200) throw new Error(`${path} was answered ${response.status}`);
    this.reads++;
  }

  async #follow() {
    const signal = AbortSignal.any([this.#stopped.signal, AbortSignal.timeout(STREAM_MS)]);
    try {
      const response = await this.#ask('metrics-dashboard/api/events', { signal });
      for await (const piece of response.body.pipeThrough(new TextDecoderStream())) {
        this.events += piece.split('event: ').length - 1;
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }
}
