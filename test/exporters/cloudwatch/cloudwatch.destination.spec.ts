import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { CloudWatchDestination } from '../../../lib/exporters/cloudwatch/cloudwatch.destination.js';
import type { MetricDataOptions } from '../../../lib/exporters/cloudwatch/metric-data.js';
import { PushError, type PushRequest } from '../../../lib/exporters/push/push-destination.js';
import { restoreEnv, stubEnv } from '../../support/environment.js';
import { unreachable } from '../../support/expectations.js';
import { anyInterval, counters, gauges, histograms, intervalOf } from '../push/intervals.js';
import { firstOf } from '../push/support.js';
import { CloudWatchServer } from './cloudwatch.server.js';

const OPTIONS: MetricDataOptions = {
  namespace: 'EnterpriseLand',
  distributions: 'values',
  highResolution: false,
  rollUps: [],
};
const ANY_TIME = new AbortController().signal;

let server: CloudWatchServer;
let client: CloudWatchClient;
let destination: CloudWatchDestination;

beforeEach(async () => {
  server = await new CloudWatchServer().start();
  client = new CloudWatchClient({
    region: 'eu-central-1',
    endpoint: server.url,
    credentials: { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'secret' },
    maxAttempts: 1,
  });
  destination = new CloudWatchDestination(OPTIONS, client);
});

afterEach(async () => {
  restoreEnv();
  client.destroy();
  await server.stop();
});

function requestOf(...families: Parameters<typeof intervalOf>[0]): PushRequest {
  return firstOf(destination.encode(intervalOf(families)));
}

async function failureOf(request: PushRequest, signal = ANY_TIME): Promise<PushError> {
  const failure = await destination.send(request, signal).then(
    () => undefined,
    (error: unknown) => error,
  );
  expect(failure).toBeInstanceOf(PushError);
  return failure as PushError;
}

describe('CloudWatchDestination', () => {
  it('delivers every datum as it was encoded', async () => {
    await destination.send(
      requestOf(counters('orders_total', [{ shop: 'north' }, 3]), histograms('wait_seconds', [{}, [2, 2]])),
      ANY_TIME,
    );
    expect(server.refusals).toEqual([]);
    expect(server.taken).toEqual([
      expect.objectContaining({ MetricName: 'orders_total', Value: 3, Unit: 'Count' }),
      expect.objectContaining({ MetricName: 'wait_seconds', Counts: [2], Unit: 'Seconds' }),
    ]);
  });

  it('computes the size of the request that the SDK sends', async () => {
    const series = Array.from({ length: 1_000 }, (_, i): [Record<string, string>, number[]] => [
      { n: `${i}` },
      [i / 7, i / 3, i],
    ]);
    const request = requestOf(histograms('wait_seconds', ...series));
    await destination.send(request, ANY_TIME);
    const [{ content, headers } = unreachable()] = server.requests;
    expect(headers['content-encoding']).toBe('gzip');
    expect(Math.abs(content.length - request.bytes)).toBeLessThanOrEqual(1);
    expect(server.taken).toHaveLength(1_000);
  });

  it.each([
    ['throttling', CloudWatchServer.error('ThrottlingException'), 'retry'],
    ['a failure of the service', CloudWatchServer.error('InternalServiceFault', 'oops', 500), 'retry'],
    ['an answer of a load balancer', { status: 503, body: '<html>Service Unavailable</html>' }, 'retry'],
    ['a missing permission', CloudWatchServer.error('AccessDenied', 'not authorized', 403), 'retry'],
    ['an expired token', CloudWatchServer.error('ExpiredTokenException', 'expired', 403), 'retry'],
    ['a refused datum', CloudWatchServer.error('InvalidParameterValueException', 'too big'), 'drop'],
    ['an unknown key', CloudWatchServer.error('InvalidClientTokenId', 'no such key', 403), 'stop'],
    ['a broken connection', 'reset', 'retry'],
  ] as const)('says after %s what may be done', async (_, trouble, remedy) => {
    server.troubles.push(trouble);
    expect(await failureOf(requestOf(gauges('g', [{}, 1])))).toMatchObject({ remedy });
  });

  it('honors Retry-After of CloudWatch', async () => {
    server.troubles.push(
      CloudWatchServer.error('ThrottlingException', 'slow down', 400, { 'retry-after': '7' }),
    );
    expect(await failureOf(requestOf(gauges('g', [{}, 1])))).toMatchObject({ retryAfterMs: 7_000 });
  });

  it('ends a request when its signal is aborted', async () => {
    server.troubles.push('hang');
    const controller = new AbortController();
    const failure = failureOf(requestOf(gauges('g', [{}, 1])), controller.signal);
    controller.abort();
    expect(await failure).toMatchObject({ remedy: 'retry' });
  });

  it('splits a request in half after a 413', async () => {
    server.troubles.push(CloudWatchServer.error('RequestEntityTooLarge', 'too large', 413));
    const request = requestOf(counters('a_total', [{ n: '1' }, 1], [{ n: '2' }, 2], [{ n: '3' }, 3]));
    const halves = (await destination.send(request, ANY_TIME))!;
    expect(halves.map(({ points }) => points)).toEqual([2, 1]);
    for (const half of halves) await destination.send(half, ANY_TIME);
    expect(server.taken.map(({ Value }) => Value)).toEqual([1, 2, 3]);
  });

  it('drops a single datum that is too large', async () => {
    server.troubles.push(CloudWatchServer.error('RequestEntityTooLarge', 'too large', 413));
    expect(await failureOf(requestOf(gauges('g', [{}, 1])))).toMatchObject({ remedy: 'drop' });
  });

  it('does not send values that CloudWatch would reject', async () => {
    expect(await failureOf(requestOf(gauges('g', [{}, 1e200])))).toMatchObject({ remedy: 'drop' });
    expect(server.requests).toEqual([]);
  });

  it('sends nothing that CloudWatch rejects, for any interval', async () => {
    await fc.assert(
      fc.asyncProperty(anyInterval, async (interval) => {
        for (const request of destination.encode(interval)) {
          if (request.payload !== undefined) await destination.send(request, ANY_TIME);
        }
        expect(server.refusals).toEqual([]);
      }),
      { numRuns: 30 },
    );
  });

  it('requires a region only without a client of the application', async () => {
    for (const name of ['AWS_REGION', 'AWS_DEFAULT_REGION']) stubEnv(name, undefined);
    for (const name of ['AWS_CONFIG_FILE', 'AWS_SHARED_CREDENTIALS_FILE']) stubEnv(name, '/dev/null');
    await expect(new CloudWatchDestination(OPTIONS).open()).rejects.toThrow(
      'The CloudWatch exporter has no region: set exporters.cloudWatch.region or AWS_REGION.',
    );
  });
});

describe('the CloudWatch server of the tests', () => {
  // What no exporter should ever send, sent by the SDK, which checks nothing of it.
  const datum = { MetricName: 'm', Value: 1, Unit: 'None', Timestamp: new Date() } as const;
  const bad = {
    '1001 data': Array.from({ length: 1_001 }, () => datum),
    '151 values': [{ ...datum, Value: undefined, Values: Array.from({ length: 151 }, (_, i) => i + 1) }],
    NaN: [{ ...datum, Value: NaN }],
    'an infinity': [{ ...datum, Value: Infinity }],
    'a huge number': [{ ...datum, Value: 2 ** 361 }],
    'a number too near to 0': [{ ...datum, Value: 2 ** -361 }],
    'no name': [{ ...datum, MetricName: '' }],
    '31 dimensions': [
      { ...datum, Dimensions: Array.from({ length: 31 }, (_, i) => ({ Name: `d${i}`, Value: 'v' })) },
    ],
    'a blank dimension': [{ ...datum, Dimensions: [{ Name: 'd', Value: ' ' }] }],
    'a dimension that is no ASCII': [{ ...datum, Dimensions: [{ Name: 'd', Value: 'é' }] }],
    'a dimension twice': [
      {
        ...datum,
        Dimensions: [
          { Name: 'd', Value: 'a' },
          { Name: 'd', Value: 'b' },
        ],
      },
    ],
    'a datum of three weeks ago': [{ ...datum, Timestamp: new Date(Date.now() - 21 * 86_400_000) }],
    'a datum of tomorrow': [{ ...datum, Timestamp: new Date(Date.now() + 86_400_000) }],
    'a resolution of 30 s': [{ ...datum, StorageResolution: 30 }],
    'more than 1 MB': Array.from({ length: 1_000 }, () => ({
      ...datum,
      MetricName: 'm',
      Dimensions: [{ Name: 'd', Value: 'v'.repeat(1_000) }],
    })),
  };

  it.each(Object.entries(bad))('rejects %s', async (_, MetricData) => {
    const { PutMetricDataCommand } = await import('@aws-sdk/client-cloudwatch');
    await expect(
      client.send(new PutMetricDataCommand({ Namespace: 'EnterpriseLand', MetricData: MetricData })),
    ).rejects.toThrow();
    expect(server.taken).toEqual([]);
  });

  it.each(['AWS/EC2', ':mine', 'bad\nname'])('rejects the namespace %j', async (Namespace) => {
    const { PutMetricDataCommand } = await import('@aws-sdk/client-cloudwatch');
    await expect(client.send(new PutMetricDataCommand({ Namespace, MetricData: [datum] }))).rejects.toThrow();
  });
});
