import { expectObject, expectSwitch, switchedOptions } from '../../options/option-checks.js';
import { count, flag, group, type OptionTable, readOptions } from '../../options/option-table.js';

/** The fewest buckets that hold every histogram in the coarsest schema, -4: six for each sign. */
export const MIN_BUCKETS = 12;

/** Options of the native histograms of one metric. */
export interface NativeHistogramOptions {
  /**
   * Maximum number of buckets of a series, positive and negative ones together. A series has the finest buckets that
   * keep within it, at most 64 for each doubling of the value.
   * @default 160
   */
  readonly maxBuckets?: number;
  /**
   * True to send the classic buckets too. A Prometheus stores them beside the native ones only if it is told to.
   * @default true
   */
  readonly classic?: boolean;
}

/** Options of the native histograms, which a Prometheus that asks for protobuf receives. */
export interface NativeHistogramsOptions extends NativeHistogramOptions {
  /** Options of single metrics by their names, such as `{ job_duration_seconds: false }` for classic buckets only. */
  readonly metrics?: Readonly<Record<string, NativeHistogramOptions | boolean>>;
}

/** The native histograms of a metric, with every default filled in. */
export type NativeHistogramSettings = Required<NativeHistogramOptions>;

/** The options with every default filled in; false for classic buckets only. */
export type ResolvedNativeHistograms =
  | (NativeHistogramSettings & { readonly metrics: ReadonlyMap<string, NativeHistogramSettings | false> })
  | false;

const DEFAULTS: NativeHistogramSettings = { maxBuckets: 160, classic: true };

function tableWith({ maxBuckets, classic }: NativeHistogramSettings): OptionTable<NativeHistogramOptions> {
  return { maxBuckets: count(maxBuckets, MIN_BUCKETS), classic: flag(classic) };
}

/** Checks the options and applies the defaults. @throws {MonitoringOptionsError} */
export function resolveNativeHistograms(
  option: string,
  options: NativeHistogramsOptions | boolean = true,
): ResolvedNativeHistograms {
  expectSwitch(option, options);
  if (options === false) return false;
  const given = switchedOptions<NativeHistogramsOptions>(options);
  const table: OptionTable<NativeHistogramsOptions, Exclude<ResolvedNativeHistograms, false>> = {
    ...tableWith(DEFAULTS),
    metrics: group((metrics: NativeHistogramsOptions['metrics'] = {}, owner) => {
      expectObject(owner, metrics);
      // The defaults of a metric are the options of all, which are checked on their own.
      const common = tableWith({ ...DEFAULTS, ...withoutUndefined(given) });
      return new Map(
        Object.entries(metrics).map(([name, own]) => {
          expectSwitch(`${owner}.${name}`, own);
          const ofMetric = switchedOptions<NativeHistogramOptions | false>(own);
          return [name, ofMetric && readOptions(`${owner}.${name}`, ofMetric, common)];
        }),
      );
    }),
  };
  return readOptions(option, given, table);
}

/** Returns the largest number of buckets of any metric. */
export function mostBuckets({ maxBuckets, metrics }: Exclude<ResolvedNativeHistograms, false>): number {
  return Math.max(maxBuckets, ...[...metrics.values()].map((own) => (own === false ? 0 : own.maxBuckets)));
}

/** Returns the settings of a metric; undefined for classic buckets only. */
export function settingsOf(
  native: ResolvedNativeHistograms,
  metric: string,
): NativeHistogramSettings | undefined {
  if (native === false) return undefined;
  const own = native.metrics.get(metric) ?? native;
  return own === false ? undefined : own;
}

function withoutUndefined({ maxBuckets, classic }: NativeHistogramOptions): NativeHistogramOptions {
  return { ...(maxBuckets !== undefined && { maxBuckets }), ...(classic !== undefined && { classic }) };
}
