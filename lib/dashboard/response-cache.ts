import type { MetricsHistory } from '../query/metrics-history.js';
import { inTimeSlices } from '../primitives/time-slices.js';

const MAX_ENTRIES = 64;
const MAX_CHARACTERS = 4 * 1024 * 1024;
const MAX_PENDING = 16;

/** The computation of a response. It yields after each small step. */
export type ResponseSteps = Generator<void, unknown, void>;

/** The error of a request while too many responses are pending. */
export class TooManyRequestsError extends Error {
  constructor() {
    super(`Too many pending dashboard requests (limit ${MAX_PENDING}). Retry in a few seconds.`);
  }
}

interface Entry {
  readonly response: Promise<string>;
  readonly requestedAt: number;
  /** Length of the response; 0 while it is pending. */
  characters: number;
}

/**
 * A cache of the responses of the dashboard, as JSON, bounded in number and size. Each response is computed once
 * between two samples of the history. Responses are computed one at a time, in slices of time.
 */
export class ResponseCache {
  private readonly entries = new Map<string, Entry>();
  private characters = 0;
  /** The sample of the history that the entries are based on. */
  private sample: number | undefined;
  private pending = 0;
  private last: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly history: Pick<MetricsHistory, 'lastSample'>,
    private readonly monotonic: () => number = () => performance.now(),
  ) {}

  /**
   * Returns a response from the cache, or computes it.
   *
   * @param maxAgeMs age limit of a cached response, which also holds if no sample was taken since
   * @throws {TooManyRequestsError}
   */
  get(
    key: string,
    compute: () => ResponseSteps | Promise<ResponseSteps>,
    maxAgeMs = Infinity,
  ): Promise<string> {
    this.removeOutdated();
    const cached = this.entries.get(key);
    if (cached !== undefined && this.monotonic() - cached.requestedAt < maxAgeMs) return cached.response;
    if (this.pending >= MAX_PENDING) throw new TooManyRequestsError();
    this.pending++;
    const response = this.compute(compute).finally(() => this.pending--);
    this.add(key, { response, requestedAt: this.monotonic(), characters: 0 });
    return response;
  }

  private async compute(compute: () => ResponseSteps | Promise<ResponseSteps>): Promise<string> {
    const steps = await compute();
    const result = this.last.then(() => inTimeSlices(steps, this.monotonic));
    this.last = result.catch(() => undefined);
    return JSON.stringify((await result) ?? null);
  }

  private removeOutdated(): void {
    const { lastSample } = this.history;
    if (lastSample === this.sample) return;
    this.sample = lastSample;
    for (const key of this.entries.keys()) this.remove(key);
  }

  private add(key: string, entry: Entry): void {
    this.remove(key);
    this.entries.set(key, entry);
    void this.settle(key, entry);
    this.evict();
  }

  /** Records the size of a completed response; removes a failed one. */
  private async settle(key: string, entry: Entry): Promise<void> {
    const response = await entry.response.catch(() => undefined);
    if (this.entries.get(key) !== entry) return;
    if (response === undefined) {
      this.remove(key);
      return;
    }
    entry.characters = response.length;
    this.characters += response.length;
    this.evict();
  }

  /** Removes the oldest entries until the limits are met. */
  private evict(): void {
    for (const oldest of this.entries.keys()) {
      if (this.entries.size <= MAX_ENTRIES && this.characters <= MAX_CHARACTERS) return;
      this.remove(oldest);
    }
  }

  private remove(key: string): void {
    this.characters -= this.entries.get(key)?.characters ?? 0;
    this.entries.delete(key);
  }
}
