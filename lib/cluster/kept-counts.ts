import { deserialize, serialize } from 'node:v8';
import type { MetricFamily } from '../metrics/snapshot.js';
import { SnapshotDecoder, SnapshotEncoder, type WireFamily } from './snapshot-codec.js';
import type { WorkerName } from './surroundings.js';
import { PROTOCOL } from './messages.js';

/** What one worker has told last. */
export interface KnownWorker {
  readonly name: WorkerName;
  readonly index: number;
  readonly families: readonly MetricFamily[];
}

/** What has been counted so far: by the workers there are, and by those that are gone. */
export interface KeptCounts {
  readonly workers: readonly KnownWorker[];
  readonly estate: readonly MetricFamily[];
}

interface Written {
  readonly protocol: number;
  readonly workers: readonly (Omit<KnownWorker, 'families'> & { readonly families: readonly WireFamily[] })[];
  readonly estate: readonly WireFamily[];
}

/** In bytes, for whoever leads next. */
export function writtenCounts({ workers, estate }: KeptCounts): Buffer {
  const written: Written = {
    protocol: PROTOCOL,
    workers: workers.map(({ name, index, families }) => ({ name, index, families: encode(families) })),
    estate: encode(estate),
  };
  return serialize(written);
}

/** @throws {Error} for what this version has not written */
export function readCounts(
  content: Buffer,
  defaultLabels: Readonly<Record<string, string>>,
): KeptCounts | undefined {
  const { protocol, workers, estate } = deserialize(content) as Written;
  if (protocol !== PROTOCOL) return undefined;
  const decode = (families: readonly WireFamily[]) => new SnapshotDecoder(defaultLabels).decode(families);
  return {
    workers: workers.map(({ name, index, families }) => ({ name, index, families: decode(families) })),
    estate: decode(estate),
  };
}

function encode(families: readonly MetricFamily[]): WireFamily[] {
  return new SnapshotEncoder().encode(families);
}
