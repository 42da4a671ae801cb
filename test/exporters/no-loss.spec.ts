import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import * as fc from 'fast-check';
import {
  CloudWatchExporter,
  DatadogExporter,
  MetricsRegistry,
  OtlpExporter,
  type PushExporter,
  type PushSurroundings,
} from 'nestjs-monitoring';
import { describe, expect, it } from 'vitest';
import { FakeClock } from '../metrics/support.js';
import { CloudWatchServer } from './cloudwatch/cloudwatch.server.js';
import { DatadogServer } from './datadog/datadog.server.js';
import { OtlpServer } from './otlp/otlp.server.js';
import type { RemoteServer, Trouble } from './remote.server.js';

const KEY = 'key';
const PUSH = { intervalMs: 3_600_000, timeoutMs: 3_000, metrics: [/^app_/] };

interface Sums {
  added: number;
  observed: number;
}

interface Subject<S extends RemoteServer> {
  server(clock: FakeClock): S;
  exporter(registry: MetricsRegistry, server: S, around: PushSurroundings): PushExporter;
  /** What the remote has taken. */
  sums(server: S): Sums;
  refusals(server: S): string[];
}

const cloudWatch: Subject<CloudWatchServer> = {
  server: (clock) => new CloudWatchServer(() => clock.now()),
  exporter: (registry, { url }, around) => {
    const credentials = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'secret' };
    const client = new CloudWatchClient({
      region: 'eu-central-1',
      endpoint: url,
      credentials,
      maxAttempts: 1,
    });
    return new CloudWatchExporter(registry, { ...PUSH, namespace: 'EnterpriseLand', client }, around);
  },
  sums: ({ taken }) => ({
    added: sum(taken.map(({ Value = 0 }) => Value)),
    observed: sum(taken.flatMap(({ Counts = [] }) => Counts)),
  }),
  refusals: ({ refusals }) => refusals,
};

const datadog: Subject<DatadogServer> = {
  server: (clock) => new DatadogServer(KEY, () => clock.now()),
  exporter: (registry, { url }, around) =>
    new DatadogExporter(registry, { ...PUSH, url, apiKey: KEY, transport: 'fetch' }, around),
  sums: ({ taken }) => ({
    added: sum(taken.flatMap(({ type, values }) => (type === 'count' ? values : []))),
    observed: sum(taken.map(({ type, values }) => (type === 'distribution' ? values.length : 0))),
  }),
  refusals: ({ refusals }) => refusals,
};

const otlp: Subject<OtlpServer> = {
  server: () => new OtlpServer(),
  exporter: (registry, { url }, around) =>
    new OtlpExporter(registry, { ...PUSH, url: `${url}/v1/metrics`, temporality: 'delta' }, around),
  sums: ({ taken }) => ({
    added: sum(taken.map(({ value = 0 }) => value)),
    observed: sum(taken.map(({ count = 0 }) => count)),
  }),
  refusals: ({ refusals }) => refusals,
};

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

type Step =
  | { readonly do: 'add'; readonly route: string; readonly amount: number }
  | { readonly do: 'observe'; readonly value: number }
  | { readonly do: 'push'; readonly trouble: Trouble | undefined }
  | { readonly do: 'reset' }
  | { readonly do: 'restart' };

/** A push that hangs is given up after three seconds, so there are few of them. */
const trouble = fc.constantFrom<(Trouble | undefined)[]>(
  ...Array.from({ length: 10 }, () => undefined),
  'reset',
  { status: 500, body: 'oops' },
  { status: 503, body: 'busy' },
  { status: 429, body: 'slow down' },
  'reset',
  'hang',
);
const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    {
      weight: 5,
      arbitrary: fc.record({
        do: fc.constant('add' as const),
        route: fc.constantFrom('/a', '/A', '/b'),
        amount: fc.nat(1_000),
      }),
    },
    {
      weight: 3,
      arbitrary: fc.record({
        do: fc.constant('observe' as const),
        value: fc.double({ min: 0, max: 1e6, noNaN: true }),
      }),
    },
    { weight: 4, arbitrary: fc.record({ do: fc.constant('push' as const), trouble }) },
    { weight: 1, arbitrary: fc.constant({ do: 'reset' as const }) },
    { weight: 1, arbitrary: fc.constant({ do: 'restart' as const }) },
  ),
  { minLength: 10, maxLength: 60, size: 'max' },
);

/** One process after another that pushes to the same remote. */
async function live<S extends RemoteServer>(subject: Subject<S>, plan: readonly Step[]): Promise<void> {
  const clock = new FakeClock();
  const server = await subject.server(clock).start();
  const done: Sums = { added: 0, observed: 0 };
  const start = () => {
    const registry = new MetricsRegistry({ clock });
    const exporter = subject.exporter(registry, server, { clock, logger: SILENT });
    exporter.start();
    const added = registry.counter('app_added_total', 'What was added.', { labelNames: ['route'] });
    const observed = registry.histogram('app_size_bytes', 'What was observed.');
    return { registry, exporter, added, observed };
  };
  let life = start();
  const push = async () => {
    clock.advance(60_000);
    await life.exporter.exportAll().catch(() => undefined);
  };
  try {
    for (const step of plan) {
      if (step.do === 'add') {
        life.added.inc({ route: step.route }, step.amount);
        done.added += step.amount;
      } else if (step.do === 'observe') {
        life.observed.observe(step.value);
        done.observed++;
      } else if (step.do === 'push') {
        if (step.trouble !== undefined) server.troubles.push(step.trouble);
        await push();
        server.troubles.length = 0;
      } else if (step.do === 'reset') {
        await push();
        life.registry.resetAll();
      } else {
        await life.exporter.shutdown();
        clock.advance(60_000);
        life = start();
      }
    }
    clock.advance(60_000);
    await life.exporter.shutdown();
    expect(subject.refusals(server)).toEqual([]);
    expect(subject.sums(server)).toEqual(done);
  } finally {
    await life.exporter.shutdown();
    await server.stop();
  }
}

const SILENT = { warn: () => undefined, error: () => undefined };

describe('nothing is lost', () => {
  const runs = { numRuns: 6 };

  it('on the way to CloudWatch', async () => {
    await fc.assert(
      fc.asyncProperty(steps, async (plan) => live(cloudWatch, plan)),
      runs,
    );
  }, 120_000);

  it('on the way to Datadog', async () => {
    await fc.assert(
      fc.asyncProperty(steps, async (plan) => live(datadog, plan)),
      runs,
    );
  }, 120_000);

  it('on the way to an OpenTelemetry collector', async () => {
    await fc.assert(
      fc.asyncProperty(steps, async (plan) => live(otlp, plan)),
      runs,
    );
  }, 120_000);
});
