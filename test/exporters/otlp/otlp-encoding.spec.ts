import { describe, expect, it } from '@jest/globals';
import * as transformer from '@opentelemetry/otlp-transformer';
import * as fc from 'fast-check';
import { OtlpJsonEncoder } from '../../../lib/exporters/otlp/otlp-json.js';
import type { OtlpHistogram, OtlpMetric } from '../../../lib/exporters/otlp/otlp-points.js';
import { OtlpProtobufEncoder } from '../../../lib/exporters/otlp/otlp-protobuf.js';
import { rejectionInJson, rejectionInProtobuf } from '../../../lib/exporters/otlp/otlp-rejection.js';
import type { OtlpResourceMetrics } from '../../../lib/exporters/otlp/otlp.sender.js';
import { oddText } from '../../metrics/support.js';
import { decodedRequest, ExportMetricsServiceResponse, requestOfJson } from './otlp-decoder.js';

const { ProtobufMetricsSerializer: official } = transformer as unknown as {
  readonly ProtobufMetricsSerializer: { serializeRequest(metrics: OtlpResourceMetrics): Uint8Array };
};

const text = fc.oneof(
  oddText,
  fc.constantFrom('', 'http.route', 'Ünïcode', '😀', '\ud800', '"\\\n\u0000', '__proto__', 'x'.repeat(300)),
);
const double = fc.oneof(fc.double(), fc.constantFrom(NaN, Infinity, -Infinity, 0, -0, 5e-324, 1e308));
const count = fc.oneof(fc.nat(), fc.constantFrom(0, 127, 128, 2 ** 31, 2 ** 32, 2 ** 32 + 1, 2 ** 53 - 1));
const time = fc.tuple(
  fc.oneof(fc.nat(4_000_000_000), fc.constantFrom(0, 1, 4, 65_535, 65_536, 1_700_000_000)),
  fc.oneof(fc.nat(999_999_999), fc.constantFrom(0, 999_999_999)),
);
const attributes = fc
  .array(fc.tuple(text, fc.oneof(text, fc.maxSafeInteger())), { maxLength: 4 })
  .map((pairs) => Object.fromEntries(pairs));
const side = fc.record({
  offset: fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
  bucketCounts: fc.array(count, { maxLength: 5 }),
});

/** Any request with numbers of a kind. */
function requestsWith(numbers: fc.Arbitrary<number>): fc.Arbitrary<OtlpResourceMetrics> {
  const totals = fc.record(
    { count, sum: numbers, min: numbers, max: numbers },
    { requiredKeys: ['count'] },
  ) as fc.Arbitrary<OtlpHistogram>;
  const buckets = fc.record({
    boundaries: fc.array(numbers, { maxLength: 4 }),
    counts: fc.array(count, { maxLength: 4 }),
  });
  const scales = fc.record({
    scale: fc.integer({ min: -10, max: 20 }),
    zeroCount: count,
    positive: side,
    negative: side,
  });
  const metric = fc.oneof(
    metricOf(
      0,
      fc.tuple(totals, buckets).map(([total, own]) => ({ ...total, buckets: own })),
    ),
    metricOf(
      1,
      fc.tuple(totals, scales).map(([total, own]) => ({ ...total, ...own })),
    ),
    metricOf(2, numbers),
    metricOf(3, numbers),
  );
  const resource = fc
    .array(fc.tuple(text, text), { maxLength: 3 })
    .map((pairs) => ({ attributes: Object.fromEntries(pairs) }));
  return fc
    .record({ resource, scope: fc.record({ name: text }), metrics: fc.array(metric, { maxLength: 5 }) })
    .map(({ resource: at, scope, metrics }) => ({ resource: at, scopeMetrics: [{ scope, metrics }] }));
}

function metricOf(
  dataPointType: 0 | 1 | 2 | 3,
  value: fc.Arbitrary<number | OtlpHistogram>,
): fc.Arbitrary<OtlpMetric> {
  return fc.record({
    descriptor: fc.record({ name: text, description: text, unit: text, valueType: fc.constant(1) }),
    aggregationTemporality: fc.constantFrom(0, 1),
    dataPointType: fc.constant(dataPointType),
    ...(dataPointType === 3 && { isMonotonic: fc.boolean() }),
    dataPoints: fc.array(fc.record({ startTime: time, endTime: time, attributes, value }), { maxLength: 4 }),
  });
}

const encoder = new OtlpProtobufEncoder();
const jsonEncoder = new OtlpJsonEncoder();

describe('a request of OTLP', () => {
  it('decodes in protobuf to what the official encoder has written, for any metrics', () => {
    fc.assert(
      fc.property(requestsWith(double), (metrics) => {
        const reference = decodedRequest(official.serializeRequest(metrics));
        expect(decodedRequest(encoder.encode(metrics))).toEqual(reference);
      }),
      { numRuns: 500 },
    );
  });

  it('says in JSON what it says in protobuf, for any metrics', () => {
    // A zero has no sign there.
    const numbers = double.map((value) => value + 0);
    fc.assert(
      fc.property(requestsWith(numbers), (metrics) => {
        const json = Buffer.from(jsonEncoder.encode(metrics)).toString();
        expect(requestOfJson(json)).toEqual(decodedRequest(encoder.encode(metrics)));
      }),
      { numRuns: 500 },
    );
  });

  it('is refused with a count that is no integer, and does not spoil the next', () => {
    const point = { startTime: [0, 0], endTime: [0, 0], attributes: {}, value: { count: NaN } } as const;
    const descriptor = { name: 'a', description: '', unit: '', valueType: 1 } as const;
    const metric = { descriptor, aggregationTemporality: 0, dataPointType: 0, dataPoints: [point] } as const;
    const requestOf = (metrics: readonly object[]): OtlpResourceMetrics => ({
      resource: { attributes: {} },
      scopeMetrics: [{ scope: { name: '' }, metrics: metrics as OtlpMetric[] }],
    });
    expect(() => encoder.encode(requestOf([metric]))).toThrow(RangeError);
    const next = requestOf([]);
    expect(decodedRequest(encoder.encode(next))).toEqual(decodedRequest(official.serializeRequest(next)));
  });
});

describe('the rejected points in a response', () => {
  const rejection = fc.record({
    rejectedDataPoints: fc.nat(),
    errorMessage: text.map((one) => one.toWellFormed()),
  });

  it('are read in protobuf as the official encoder writes them', () => {
    fc.assert(
      fc.property(rejection, (partialSuccess) => {
        const body = ExportMetricsServiceResponse.encode({ partialSuccess }).finish();
        const { rejectedDataPoints: rejectedPoints, errorMessage } = partialSuccess;
        expect(rejectionInProtobuf(body)).toEqual({ rejectedPoints, text: errorMessage });
      }),
    );
  });

  it('are read in JSON as a string or a number', () => {
    for (const rejectedDataPoints of [7, '7']) {
      const body = Buffer.from(
        JSON.stringify({ partialSuccess: { rejectedDataPoints, errorMessage: 'late' } }),
      );
      expect(rejectionInJson(body)).toEqual({ rejectedPoints: 7, text: 'late' });
    }
  });

  it('are none in a body of another format', () => {
    const none = { rejectedPoints: 0, text: '' };
    for (const body of ['', 'null', '[]', '{}', '{"partialSuccess":null}', 'OK', '<html>']) {
      expect(rejectionInJson(Buffer.from(body))).toEqual(none);
    }
    fc.assert(
      fc.property(fc.uint8Array(), (body) => {
        const { rejectedPoints } = rejectionInProtobuf(body);
        expect(Number.isSafeInteger(rejectedPoints) && rejectedPoints >= 0).toBe(true);
      }),
    );
    // A negative number, in the ten bytes of its two's complement.
    const negative = Buffer.from([0x0a, 11, 0x08, ...Array.from({ length: 9 }, () => 0xff), 0x01]);
    expect(rejectionInProtobuf(negative)).toEqual(none);
  });
});
