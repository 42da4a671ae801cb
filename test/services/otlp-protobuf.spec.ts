import { spawnSync } from 'node:child_process';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from '@jest/globals';
import { OtlpExporter } from 'nestjs-monitoring/exporters';
import { decodedRequest } from '../exporters/otlp/otlp-decoder.js';
import { testRegistry } from '../metrics/support.js';
import { describeWith, requireBinary } from './support/binaries.js';

const PROTO = fileURLToPath(new URL('../exporters/otlp/otlp-metrics.proto', import.meta.url));
const MESSAGE = 'opentelemetry.proto.metrics.v1.ExportMetricsServiceRequest';

function protoc(command: '--decode' | '--encode', input: Uint8Array): Buffer {
  const args = [`--proto_path=${dirname(PROTO)}`, `${command}=${MESSAGE}`, PROTO];
  const { status, stdout, stderr } = spawnSync(requireBinary('protoc'), args, { input, timeout: 150_000 });
  expect([status, stderr.toString()]).toEqual([0, '']);
  return stdout;
}

/** Everything that a request can contain. */
async function requestWith(histograms: 'explicit' | 'exponential'): Promise<Uint8Array> {
  const { registry, clock } = testRegistry({ defaultLabels: { region: 'eu' } });
  const exemplar = {
    trace_id: '0af7651916cd43dd8448eb211c80319c',
    span_id: 'b7ad6b7169203331',
    record_id: 'r',
  };
  registry
    .counter('orders_total', 'Orders.', { labelNames: ['shop'] })
    .inc({ shop: 'Ünïcode "x"\n' }, 2, exemplar);
  registry.gauge('level', '').set(-2.5);
  const wait = registry.histogram('wait_seconds', 'Waiting.', { buckets: [1, 10] });
  for (const value of [-3, 0, 0.5, 40]) wait.observe(value, exemplar);
  clock.advance(1);
  const bodies: Uint8Array[] = [];
  const exporter = new OtlpExporter(registry, {
    histograms,
    compression: 'none',
    fetch: async (_url, { body }) => {
      bodies.push(body!);
      return { status: 200, headers: { get: () => null }, body: null };
    },
  });
  await exporter.exportAll();
  expect(bodies).toHaveLength(1);
  return bodies[0]!;
}

describeWith(['protoc'], 'the reference implementation of protobuf', () => {
  it.each(['explicit', 'exponential'] as const)(
    'knows every field of a request with %s histograms',
    async (kind) => {
      const body = await requestWith(kind);
      const text = protoc('--decode', body).toString();
      // A field that the model does not have is a number there.
      expect(text).not.toMatch(/^\s*\d+[: ]/m);
      expect(text).toContain(String.raw`trace_id: "\n\367e\031\026\315C\335\204H\353!\034\2001\234"`);
      expect(text).toContain('as_double: -2.5\n');
      expect(decodedRequest(protoc('--encode', Buffer.from(text)))).toEqual(decodedRequest(body));
    },
  );
});
