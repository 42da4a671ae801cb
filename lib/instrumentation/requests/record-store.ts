import type { RequestRecord } from './request-record.js';

/** Time after which a record is no longer among the slowest of its route, in milliseconds. */
const SLOWEST_AGE_MS = 3_600_000;
/** Time between two searches for records that are too old, in milliseconds. */
const SWEEP_INTERVAL_MS = 60_000;
/** Shortest time between two records of the sample, in milliseconds. */
const SAMPLE_INTERVAL_MS = 1_000;
/** Number of records of the sample: the last ten minutes under load. */
const MAX_SAMPLES = 600;
/** Upper limit for operations with slowest records of their own. */
const MAX_NAMES = 1_000;
/** Approximate size of a record without its texts, and of a call without its texts, in bytes. */
const RECORD_BYTES = 600;
const CALL_BYTES = 200;

/** The options of {@link RecordStore}. */
export interface RecordStoreOptions {
  readonly slowestPerRoute: number;
  readonly failures: number;
  readonly maxBytes: number;
}

/** The record of an operation that has ended, as far as it decides what is kept. */
export interface RecordCandidate {
  readonly name: string;
  readonly durationMs: number;
  readonly hasFailed: boolean;
}

/** The records that are kept: the slowest of each operation, the last failures, and a sample. */
export class RecordStore {
  private readonly slowest = new Map<string, KeptRecord[]>();
  private readonly failures: RecordRing;
  private readonly samples: RecordRing;
  private readonly slowestPerRoute: number;
  private readonly maxSlowestBytes: number;
  private slowestBytes = 0;
  private sweptAt = -Infinity;
  private sampledAt = -Infinity;

  constructor({ slowestPerRoute, failures, maxBytes }: RecordStoreOptions) {
    const share = Math.floor(maxBytes / 3);
    this.failures = new RecordRing(failures, share);
    this.samples = new RecordRing(MAX_SAMPLES, share);
    this.slowestPerRoute = slowestPerRoute;
    this.maxSlowestBytes = share;
  }

  /**
   * Keeps the record of an operation that has ended, if one of the lists has a place for it.
   *
   * @param now wall-clock time in milliseconds
   * @param build creates the record; called only if it is kept
   */
  offer(candidate: RecordCandidate, now: number, build: () => RequestRecord): RequestRecord | undefined {
    if (now - this.sweptAt >= SWEEP_INTERVAL_MS || now < this.sweptAt) this.sweep(now);
    const isSlow = this.isSlow(candidate);
    const isSample = now - this.sampledAt >= SAMPLE_INTERVAL_MS || now < this.sampledAt;
    if (!isSlow && !isSample && !candidate.hasFailed) return undefined;
    const record = build();
    const kept = { record, bytes: bytesOf(record) };
    if (isSlow) this.addSlow(kept);
    if (candidate.hasFailed) this.failures.add(kept);
    if (isSample) {
      this.sampledAt = now;
      this.samples.add(kept);
    }
    return record;
  }

  /**
   * Returns the slowest records of the last hour, of one operation or of all, the slowest first.
   *
   * @param now wall-clock time in milliseconds
   */
  slowestOf(now: number, name?: string): RequestRecord[] {
    const lists = name === undefined ? [...this.slowest.values()] : [this.slowest.get(name) ?? []];
    return lists
      .flat()
      .filter((kept) => !isOld(kept, now))
      .map(({ record }) => record)
      .toSorted((a, b) => b.durationMs - a.durationMs);
  }

  /** Returns the last failures, the newest first. */
  lastFailures(): RequestRecord[] {
    return this.failures.newestFirst();
  }

  /** Returns the sample, the newest first. */
  lastSamples(): RequestRecord[] {
    return this.samples.newestFirst();
  }

  private isSlow({ name, durationMs }: RecordCandidate): boolean {
    const records = this.slowest.get(name);
    if (records === undefined) return this.slowest.size < MAX_NAMES;
    return records.length < this.slowestPerRoute || durationMs > (records.at(-1)?.record.durationMs ?? 0);
  }

  /** Drops what is too old, also of operations that no longer run, which would keep the place of others. */
  private sweep(now: number): void {
    this.sweptAt = now;
    for (const [name, records] of this.slowest) {
      const recent = records.filter((kept) => !isOld(kept, now));
      if (recent.length === records.length) continue;
      for (const kept of records) if (isOld(kept, now)) this.slowestBytes -= kept.bytes;
      if (recent.length === 0) this.slowest.delete(name);
      else this.slowest.set(name, recent);
    }
  }

  private addSlow(kept: KeptRecord): void {
    const { name, durationMs } = kept.record;
    let records = this.slowest.get(name);
    if (records === undefined) this.slowest.set(name, (records = []));
    const position = records.findIndex(({ record }) => record.durationMs < durationMs);
    records.splice(position < 0 ? records.length : position, 0, kept);
    this.slowestBytes += kept.bytes;
    if (records.length > this.slowestPerRoute) this.slowestBytes -= records.pop()?.bytes ?? 0;
    while (this.slowestBytes > this.maxSlowestBytes) this.dropOfLongest();
  }

  /** Drops the fastest record of the operation that has most of them. */
  private dropOfLongest(): void {
    let longest: KeptRecord[] = [];
    for (const records of this.slowest.values()) if (records.length > longest.length) longest = records;
    const dropped = longest.pop();
    if (dropped === undefined) this.slowestBytes = 0;
    else this.slowestBytes -= dropped.bytes;
    if (longest.length === 0 && dropped !== undefined) this.slowest.delete(dropped.record.name);
  }
}

interface KeptRecord {
  readonly record: RequestRecord;
  readonly bytes: number;
}

/** Returns true for a record that is no longer among the slowest. */
function isOld({ record }: KeptRecord, now: number): boolean {
  return record.startedAt < now - SLOWEST_AGE_MS;
}

/** The last records, bounded by number and size. */
class RecordRing {
  private readonly kept: KeptRecord[] = [];
  private bytes = 0;

  constructor(
    private readonly maxCount: number,
    private readonly maxBytes: number,
  ) {}

  add(record: KeptRecord): void {
    this.kept.push(record);
    this.bytes += record.bytes;
    while (this.kept.length > this.maxCount || this.bytes > this.maxBytes) {
      this.bytes -= this.kept.shift()?.bytes ?? this.bytes;
    }
  }

  newestFirst(): RequestRecord[] {
    return this.kept.map(({ record }) => record).toReversed();
  }
}

/** Returns the approximate size of a record in memory. */
function bytesOf({ name, handler, calls, blockedBy, exception }: RequestRecord): number {
  const texts = [name, handler, blockedBy?.name, exception?.site];
  let bytes = RECORD_BYTES + texts.reduce((sum, text = '') => sum + 2 * text.length, 0);
  for (const call of calls) {
    bytes += CALL_BYTES + 2 * (call.name.length + call.system.length + (call.site?.length ?? 0));
  }
  return bytes;
}
