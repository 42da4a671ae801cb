import { EventEmitter } from 'node:events';
import { setImmediate } from 'node:timers/promises';
import type { CallHandler, ExecutionContext } from '@nestjs/common';
import { describe, expect, it } from '@jest/globals';
import { Subject } from 'rxjs';
import type { MetricsRegistry } from 'nestjs-monitoring';
import type { BullMqJob } from '../../lib/integrations/bullmq/bullmq.discovery.js';
import { GraphQLRecorder } from '../../lib/instrumentation/graphql/graphql.recorder.js';
import { RequestSeries } from '../../lib/instrumentation/http/request-series.js';
import { QueueJobRecorder } from '../../lib/instrumentation/jobs/queue-job.recorder.js';
import { ScheduledJobRecorder } from '../../lib/instrumentation/jobs/scheduled-job.recorder.js';
import { RpcRecorder } from '../../lib/instrumentation/messages/rpc.recorder.js';
import { WebSocketRecorder } from '../../lib/instrumentation/messages/websocket.recorder.js';
import { MetricsInterceptor } from '../../lib/instrumentation/metrics.interceptor.js';
import { Guard } from '../../lib/primitives/guard.js';
import { FakeClock, scalars, testRegistry } from '../metrics/support.js';

const BUCKETS = [1];
const JOBS = { buckets: BUCKETS, maxJobs: 10 };

function pending(): { promise: Promise<void>; settle: () => void } {
  let settle = (): void => undefined;
  const promise = new Promise<void>((resolve) => (settle = resolve));
  return { promise, settle };
}

/** Begins something and returns what ends it. */
type Begin = () => () => void;

const rpc = (registry: MetricsRegistry): Begin => {
  const { metrics } = new RpcRecorder(registry, { buckets: BUCKETS }).operation('TCP', 'sum');
  return () => {
    const startedAt = metrics.start();
    return () => metrics.end(startedAt, 'success');
  };
};

const http = (registry: MetricsRegistry): Begin => {
  const options = { buckets: BUCKETS, slowRequestThresholdMs: 1_000, ignoreRoutes: [] };
  const { inProgress } = new RequestSeries(registry, options).ofMethod('GET');
  return () => {
    inProgress.begin();
    return () => inProgress.end();
  };
};

const webSocket = (registry: MetricsRegistry) =>
  new WebSocketRecorder(registry, new FakeClock(), { buckets: BUCKETS });

const graphql = (registry: MetricsRegistry) =>
  new GraphQLRecorder(registry, new FakeClock(), { buckets: BUCKETS, operationNames: [], resolvers: false });

const scheduledJob = (registry: MetricsRegistry): Begin => {
  const recorder = new ScheduledJobRecorder(registry, new FakeClock(), JOBS);
  const run = recorder.measure('nightly', 'cron', (work) => work);
  return () => {
    const { promise, settle } = pending();
    void run(promise);
    return settle;
  };
};

const queueJob = (registry: MetricsRegistry): Begin => {
  const worker = Object.assign(new EventEmitter(), {
    name: 'mails',
    isRunning: () => true,
    isPaused: () => false,
    callProcessJob: (_job: BullMqJob, work?: unknown) => work,
  });
  new QueueJobRecorder(registry, new FakeClock(), new Guard(() => undefined), JOBS).measure(worker);
  return () => {
    const { promise, settle } = pending();
    void worker.callProcessJob({ name: 'send', timestamp: 0, attemptsMade: 1 }, promise);
    return settle;
  };
};

const handler = (registry: MetricsRegistry): Begin => {
  const interceptor = new MetricsInterceptor(registry);
  class Orders {
    find(): void {}
  }
  return () => {
    const context = {
      getClass: () => Orders,
      getHandler: () => Reflect.get(Orders.prototype, 'find'),
      getType: () => 'http',
    };
    const result = new Subject();
    const next: CallHandler = { handle: () => result.asObservable() };
    interceptor.intercept(context as unknown as ExecutionContext, next).subscribe();
    return () => result.complete();
  };
};

const KINDS: readonly [name: string, start: (registry: MetricsRegistry) => Begin][] = [
  ['http_requests_in_progress', http],
  ['rpc_server_requests_in_progress', rpc],
  [
    'websocket_messages_in_progress',
    (registry) => {
      const { metrics } = webSocket(registry).message('/', 'chat');
      return () => {
        const startedAt = metrics.start();
        return () => metrics.end(startedAt, 'success');
      };
    },
  ],
  [
    'websocket_connections_open',
    (registry) => {
      const recorder = webSocket(registry);
      return () => recorder.connectionOpened('/');
    },
  ],
  [
    'graphql_operations_in_progress',
    (registry) => {
      const recorder = graphql(registry);
      return () => {
        const operation = recorder.operationStarted();
        return () => operation.end([]);
      };
    },
  ],
  [
    'graphql_subscriptions_open',
    (registry) => {
      const recorder = graphql(registry);
      return () => {
        const subscription = recorder.subscriptionStarted('messages');
        return () => subscription.end('cancelled');
      };
    },
  ],
  ['scheduled_job_runs_in_progress', scheduledJob],
  ['bullmq_jobs_in_progress', queueJob],
  ['handler_calls_in_progress', handler],
];

describe.each(KINDS)('%s', (name, start) => {
  const valueIn = (registry: MetricsRegistry) =>
    scalars(registry, name).reduce((sum, { value }) => sum + value, 0);

  it('stays right when a reset comes while work is in progress', async () => {
    const { registry } = testRegistry();
    const begin = start(registry);
    const ends = [begin(), begin()];
    expect(valueIn(registry)).toBe(2);
    registry.resetAll();
    expect(valueIn(registry)).toBe(2);
    ends.pop()!();
    await setImmediate();
    expect(valueIn(registry)).toBe(1);
    registry.resetAll();
    ends.push(begin());
    expect(valueIn(registry)).toBe(2);
    registry.resetAll();
    for (const end of ends) end();
    await setImmediate();
    expect(valueIn(registry)).toBe(0);
  });

  it('stays right for two applications on one registry', async () => {
    const { registry } = testRegistry();
    const ends = [start(registry)(), start(registry)()];
    expect(valueIn(registry)).toBe(2);
    registry.resetAll();
    expect(valueIn(registry)).toBe(2);
    for (const end of ends) end();
    await setImmediate();
    expect(valueIn(registry)).toBe(0);
  });
});
