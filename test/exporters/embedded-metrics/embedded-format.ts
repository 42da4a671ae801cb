import { Ajv } from 'ajv';

/** The distribution that the exporters of AWS write, beside the numbers of the published specification. */
export interface ReceivedDistribution {
  readonly Values?: readonly number[];
  readonly Counts?: readonly number[];
  readonly Max: number;
  readonly Min: number;
  readonly Count: number;
  readonly Sum: number;
}

/** One metric that CloudWatch would extract from a document, under one set of dimensions. */
export interface ExtractedMetric {
  readonly name: string;
  readonly unit: string | undefined;
  readonly resolution: number | undefined;
  readonly dimensions: Readonly<Record<string, string>>;
  readonly namespace: string;
  readonly timestamp: number;
  readonly value: number | readonly number[] | ReceivedDistribution;
}

interface Directive {
  readonly Namespace: string;
  readonly Dimensions: readonly (readonly string[])[];
  readonly Metrics: readonly {
    readonly Name: string;
    readonly Unit?: string;
    readonly StorageResolution?: number;
  }[];
}

type Root = Readonly<Record<string, unknown>> & {
  readonly _aws: { readonly Timestamp: number; readonly CloudWatchMetrics: readonly Directive[] };
};

const RATES = ['Bytes', 'Kilobytes', 'Megabytes', 'Gigabytes', 'Terabytes'].flatMap((size) =>
  [size, size.replace('Bytes', 'Bits').replace('bytes', 'bits')].flatMap((unit) => [unit, `${unit}/Second`]),
);
const UNITS = [
  'Seconds',
  'Milliseconds',
  'Microseconds',
  'Percent',
  'Count',
  'Count/Second',
  'None',
  ...RATES,
];

function strict(properties: object, required: readonly string[] = Object.keys(properties)): object {
  return { type: 'object', properties, required, additionalProperties: false };
}

function name(maxLength: number): object {
  return { type: 'string', minLength: 1, maxLength };
}

/**
 * The limits of the published specification and of PutMetricData, whichever are stricter, in the words of this project.
 * Objects of the format have no members beside those of the specification.
 *
 * @see https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
 */
const SCHEMA = {
  type: 'object',
  required: ['_aws'],
  properties: {
    _aws: strict({
      Timestamp: { type: 'integer', minimum: 0 },
      CloudWatchMetrics: {
        type: 'array',
        minItems: 1,
        items: strict({
          Namespace: { ...name(255), pattern: '^[^:]' },
          Dimensions: {
            type: 'array',
            minItems: 1,
            items: { type: 'array', maxItems: 30, items: name(250) },
          },
          Metrics: {
            type: 'array',
            minItems: 1,
            maxItems: 100,
            items: strict({ Name: name(255), Unit: { enum: UNITS }, StorageResolution: { enum: [1, 60] } }, [
              'Name',
            ]),
          },
        }),
      },
    }),
  },
};

const NUMBER = { type: 'number', minimum: -(2 ** 360), maximum: 2 ** 360 };
const NUMBERS = { type: 'array', minItems: 1, maxItems: 100, items: NUMBER };
const STATISTICS = { Max: NUMBER, Min: NUMBER, Count: { type: 'integer', minimum: 1 }, Sum: NUMBER };
const TARGET = {
  anyOf: [
    NUMBER,
    NUMBERS,
    strict(STATISTICS),
    strict({
      Values: { ...NUMBERS, uniqueItems: true },
      Counts: { type: 'array', maxItems: 100, items: { type: 'integer', minimum: 1 } },
      ...STATISTICS,
    }),
  ],
};
// Printable ASCII that is not blank.
const DIMENSION_VALUE = { type: 'string', minLength: 1, maxLength: 1_024, pattern: '^[ -~]*[!-~][ -~]*$' };

const ajv = new Ajv({ allErrors: true, strict: true, allowUnionTypes: true });
const isDocument = ajv.compile(SCHEMA);
const isTarget = ajv.compile(TARGET);
const isDimensionValue = ajv.compile(DIMENSION_VALUE);

/** The size of a log event, 256 kB, which includes 26 bytes of its own. */
const MAX_EVENT_BYTES = 256 * 1024 - 26;

/** Returns what CloudWatch would refuse in a line of a log. */
export function complaintsAbout(line: string): string[] {
  if (Buffer.byteLength(line) > MAX_EVENT_BYTES) return [`${Buffer.byteLength(line)} bytes`];
  let root: Root;
  try {
    root = JSON.parse(line) as Root;
  } catch {
    return [`no JSON: ${line.slice(0, 200)}`];
  }
  // A member that is there twice is lost in between.
  if (JSON.stringify(root) !== line) return [`not in its shortest form: ${line.slice(0, 200)}`];
  if (!isDocument(root)) return [ajv.errorsText(isDocument.errors)];
  return root._aws.CloudWatchMetrics.flatMap(({ Dimensions, Metrics }) => [
    ...Dimensions.flat().flatMap((key) =>
      Object.hasOwn(root, key) && isDimensionValue(root[key])
        ? []
        : [`${key} is ${JSON.stringify(root[key])}`],
    ),
    ...Metrics.flatMap(({ Name }) => complaintsAboutTarget(Name, root)),
    ...(new Set(Metrics.map(({ Name }) => Name)).size < Metrics.length ? ['a metric is there twice'] : []),
  ]);
}

function complaintsAboutTarget(metric: string, root: Root): string[] {
  const target = root[metric];
  if (!Object.hasOwn(root, metric) || metric === '_aws' || !isTarget(target)) {
    return [`${metric} is ${JSON.stringify(target)}`];
  }
  if (typeof target !== 'object' || Array.isArray(target)) return [];
  const { Values, Counts = [], Count } = target as ReceivedDistribution;
  if (Values === undefined) return [];
  const isWhole = Counts.length === Values.length && Counts.reduce((sum, count) => sum + count, 0) === Count;
  return isWhole ? [] : [`the counts of ${metric} do not add up`];
}

/** Returns what CloudWatch extracts from a line. */
export function extracted(line: string): ExtractedMetric[] {
  const root = JSON.parse(line) as Root;
  return root._aws.CloudWatchMetrics.flatMap(({ Namespace, Dimensions, Metrics }) =>
    Metrics.flatMap(({ Name, Unit, StorageResolution }) =>
      Dimensions.map((set) => ({
        name: Name,
        unit: Unit,
        resolution: StorageResolution,
        dimensions: Object.fromEntries(set.map((key) => [key, String(root[key])])),
        namespace: Namespace,
        timestamp: root._aws.Timestamp,
        value: root[Name] as ExtractedMetric['value'],
      })),
    ),
  );
}

/** Returns the sum of an extracted value. */
export function sumOfValue(value: ExtractedMetric['value']): number {
  if (typeof value === 'number') return value;
  return isDistribution(value) ? value.Sum : value.reduce((sum, one) => sum + one, 0);
}

/** Returns the sample count of an extracted value. */
export function countOfValue(value: ExtractedMetric['value']): number {
  if (typeof value === 'number') return 1;
  return isDistribution(value) ? value.Count : value.length;
}

function isDistribution(value: readonly number[] | ReceivedDistribution): value is ReceivedDistribution {
  return !Array.isArray(value);
}
