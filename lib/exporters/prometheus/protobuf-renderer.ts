import type { MetricsSnapshot } from '../../metrics/snapshot.js';
import type { ResolvedNativeHistograms } from './native-histograms.options.js';
import { type ProtobufExpositionOptions, renderProtobuf } from './protobuf-exposition.js';
import { SchemaMemory } from './protobuf-histogram.js';

/** A renderer of expositions in protobuf, which keeps the schemas of native histograms from one to the next. */
export class ProtobufRenderer {
  private readonly memory = new SchemaMemory();

  constructor(private readonly nativeHistograms: ResolvedNativeHistograms) {}

  /** Renders a snapshot, see {@link renderProtobuf}. */
  render(
    snapshot: MetricsSnapshot,
    options: Omit<ProtobufExpositionOptions, 'nativeHistograms' | 'memory'>,
  ): Generator<void, Buffer[], void> {
    const { nativeHistograms, memory } = this;
    return renderProtobuf(snapshot, { ...options, nativeHistograms, memory });
  }
}
