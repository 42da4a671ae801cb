import { Writable } from 'node:stream';
import { expect, it } from '@jest/globals';
import { EmbeddedMetricsExporter, type EmbeddedMetricsStream } from 'nestjs-monitoring/exporters';
import { MetricsRegistry } from 'nestjs-monitoring';

function destroyed(): Writable {
  const stream = new Writable({ write: (_chunk, _encoding, done) => done() });
  stream.destroy();
  return stream;
}

function broken(): EmbeddedMetricsStream {
  const error = Object.assign(new Error('write EPIPE'), { code: 'EPIPE' });
  return {
    write: (_text, callback) => {
      setImmediate(callback, error);
      return true;
    },
    on: () => undefined,
    removeListener: () => undefined,
  };
}

it.each([
  ['has been destroyed', destroyed],
  ['has no reader any more', broken],
])(
  'ends at once with a stream that %s',
  async (_, streamOf) => {
    const registry = new MetricsRegistry();
    registry.counter('orders_total', 'Orders.').inc();
    const messages: string[] = [];
    const logger = {
      warn: (text: string) => messages.push(text),
      error: (text: string) => messages.push(text),
    };
    const options = { namespace: 'Shop', stream: streamOf(), shutdownTimeoutMs: 30_000 };
    const exporter = new EmbeddedMetricsExporter(registry, options, { logger });
    exporter.start();
    // The time limit of this test is far below that of the shutdown.
    await exporter.shutdown();
    expect(messages.join('\n')).toContain('The stream of the embedded metrics is closed');
    expect(messages.join('\n')).toMatch(/data points?/);
  },
  20_000,
);
