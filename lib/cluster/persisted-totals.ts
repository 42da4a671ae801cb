import { deserialize, serialize } from 'node:v8';
import type { MetricFamily } from '../metrics/snapshot.js';
import { PROTOCOL } from './messages.js';
import { SnapshotDecoder, SnapshotEncoder, type WireFamily } from './snapshot-codec.js';
import type { WorkerIdentity } from './worker-identity.js';

/** The last known metrics of one worker. */
export interface KnownWorker {
  readonly identity: WorkerIdentity;
  readonly index: number;
  readonly families: readonly MetricFamily[];
}

/** The metrics of all workers, saved for the next leader. */
export interface PersistedTotals {
  readonly workers: readonly KnownWorker[];
  /** Totals of departed workers. */
  readonly departed: readonly MetricFamily[];
}

interface EncodedTotals {
  readonly protocol: number;
  readonly workers: readonly (Omit<KnownWorker, 'families'> & { readonly families: readonly WireFamily[] })[];
  readonly departed: readonly WireFamily[];
}

/** Encodes the totals as bytes. */
export function encodeTotals({ workers, departed }: PersistedTotals): Buffer {
  const encoded: EncodedTotals = {
    protocol: PROTOCOL,
    workers: workers.map(({ identity, index, families }) => ({
      identity,
      index,
      families: encode(families),
    })),
    departed: encode(departed),
  };
  return serialize(encoded);
}

/**
 * Decodes the totals; undefined if another version of the protocol wrote them.
 *
 * @throws {Error} for malformed content
 */
export function decodeTotals(
  content: Buffer,
  defaultLabels: Readonly<Record<string, string>>,
): PersistedTotals | undefined {
  const { protocol, workers, departed } = deserialize(content) as EncodedTotals;
  if (protocol !== PROTOCOL) return undefined;
  const decode = (families: readonly WireFamily[]) => new SnapshotDecoder(defaultLabels).decode(families);
  return {
    workers: workers.map(({ identity, index, families }) => ({
      identity,
      index,
      families: decode(families),
    })),
    departed: decode(departed),
  };
}

function encode(families: readonly MetricFamily[]): WireFamily[] {
  return new SnapshotEncoder().encode(families);
}
