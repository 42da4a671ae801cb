import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import * as fc from 'fast-check';
import { type MetricFamily, type MetricsRegistry, type MetricsSnapshot } from 'nestjs-monitoring';
import { type HistogramSeriesSnapshot, type ScalarSeriesSnapshot } from 'nestjs-monitoring/metrics';

export type { TestRegistry } from 'nestjs-monitoring/testing';
export { FakeClock } from '../../lib/testing/fake-clock.js';
export { createTestRegistry as testRegistry } from '../../lib/testing/test-registry.js';

type Snapshotting = Pick<MetricsRegistry, 'snapshot'> | MetricsSnapshot;

/** The family of this name; fails the test if there is none. */
export function family(source: Snapshotting, name: string): MetricFamily {
  const { families } = 'families' in source ? source : source.snapshot({ exponential: true });
  const found = families.find((candidate) => candidate.name === name);
  if (found === undefined) throw new Error(`no family ${name} in the snapshot`);
  return found;
}

/** The series of a counter or a gauge. */
export function scalars(source: Snapshotting, name: string): ScalarSeriesSnapshot[] {
  const found = family(source, name);
  if (found.type === 'histogram') throw new Error(`${name} is a histogram`);
  return [...found.series];
}

/** The series of a histogram or a timer. */
export function histograms(source: Snapshotting, name: string): HistogramSeriesSnapshot[] {
  const found = family(source, name);
  if (found.type !== 'histogram') throw new Error(`${name} is a ${found.type}`);
  return [...found.series];
}

/** What was refused so far: `{ 'metric reason': count }`. */
export function dropped(registry: MetricsRegistry): Record<string, number> {
  return Object.fromEntries(
    scalars(registry, 'monitoring_dropped_samples_total').map(({ labels, value }) => [
      `${labels['metric']} ${labels['reason']}`,
      value,
    ]),
  );
}

/** Any code point of text. The strings of fast-check take most of a second to prepare for all of Unicode. */
const codePoint = fc.nat(0x10_ffff - 0x800).map((point) => (point < 0xd800 ? point : point + 0x800));

/** Text full of what separators, escapes, encodings and object keys trip over. */
export const oddText: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom('', '__proto__', 'constructor', 'toString', 'undefined', 'null', '0', '\ufffd'),
  fc.string({
    unit: fc.constantFrom(
      ...'| , : " \\ \n = { } # \r \t a b'.split(' '),
      ' ',
      '\ud800',
      '\udc00',
      'é',
      '\u{1f600}',
      '\u0000',
      '\u2028',
    ),
    maxLength: 6,
  }),
  fc.array(codePoint, { maxLength: 4 }).map((points) => String.fromCodePoint(...points)),
);

/** Bytes in use after a full garbage collection, those outside the JavaScript heap included. */
export function bytesInUse(): number {
  setFlagsFromString('--expose-gc');
  const collectGarbage = runInNewContext('gc') as () => void;
  collectGarbage();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

/** What is kept by something that is waiting to be finalized goes with one of the next collections. */
async function settledBytesInUse(): Promise<number> {
  let bytes = bytesInUse();
  for (let collections = 0; collections < 5; collections++) {
    await new Promise((resolve) => setTimeout(resolve, 20));
    const left = bytesInUse();
    if (left >= bytes) break;
    bytes = left;
  }
  return bytes;
}

/**
 * The least by which the bytes in use grew over several rounds of the same work. What is kept is kept in every
 * round, while what the engine does of its own (compiled code, grown tables, a late collection) is not.
 *
 * @param limit that it has to stay below: a round that does ends the work, since further ones only make it less
 */
export async function leastGrowth(work: () => unknown, limit = -Infinity, rounds = 4): Promise<number> {
  let least = Infinity;
  let before = await settledBytesInUse();
  for (let round = 0; round < rounds && least >= limit; round++) {
    await work();
    const after = await settledBytesInUse();
    least = Math.min(least, after - before);
    before = after;
  }
  return least;
}
