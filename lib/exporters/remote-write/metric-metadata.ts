import { unitOf } from '../../metrics/naming-rules.js';
import type { MetricFamily } from '../../metrics/snapshot.js';
import type { PushRequest } from '../push/push-destination.js';
import { limitedText, MAX_HELP_BYTES } from './label-limits.js';
import type { SnappyCompressor } from './snappy.js';
import { METADATA, WriteRequestBuilder } from './write-request.js';

/** Field numbers of `MetricMetadata`. */
const TYPE = 1;
const NAME = 2;
const HELP = 4;
const UNIT = 5;

/** Values of `MetricMetadata.MetricType`. */
const TYPES = { counter: 1, gauge: 2, histogram: 3 } as const;

/** Encodes the type, the help and the unit of each metric, in requests of their own, as Prometheus sends them. */
export function metadataRequests(
  families: readonly MetricFamily[],
  compressor: SnappyCompressor,
): PushRequest[] {
  const builder = new WriteRequestBuilder(compressor, true);
  const { writer } = builder;
  for (const { name, type, help } of families) {
    const metadata = writer.open(METADATA);
    writer.uint(TYPE, TYPES[type]);
    // With `_total`, as in text format 0.0.4, so that the name is that of the samples.
    writer.string(NAME, name);
    if (help !== '') writer.string(HELP, limitedText(help, MAX_HELP_BYTES));
    const unit = unitOf(name, type);
    if (unit !== undefined) writer.string(UNIT, unit);
    writer.close(metadata);
    builder.added();
  }
  return builder.finish();
}
