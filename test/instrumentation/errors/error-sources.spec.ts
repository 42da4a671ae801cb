import { EventEmitter } from 'node:events';
import { afterEach, describe, expect, it } from '@jest/globals';
import { Cron, Interval, ScheduleModule } from '@nestjs/schedule';
import { Injectable } from '@nestjs/common';
import { BusinessCollector } from '../../../lib/business/business.collector.js';
import { HealthMonitor } from '../../../lib/health/health.monitor.js';
import { ProcessErrorRecorder } from '../../../lib/instrumentation/errors/process-error.recorder.js';
import { GraphQLRecorder } from '../../../lib/instrumentation/graphql/graphql.recorder.js';
import { QueueJobRecorder } from '../../../lib/instrumentation/jobs/queue-job.recorder.js';
import { RpcRecorder } from '../../../lib/instrumentation/messages/rpc.recorder.js';
import { WebSocketRecorder } from '../../../lib/instrumentation/messages/websocket.recorder.js';
import { callbackGuard, instrumentationGuard } from '../../../lib/metrics/error-guards.js';
import { MetricsRegistry } from '../../../lib/metrics/registry.js';
import type { ErrorObserver } from '../../../lib/primitives/error-observer.js';
import { Guard } from '../../../lib/primitives/guard.js';
import { ErrorRecords } from '../../../lib/diagnostics.js';
import { FakeClock } from '../../metrics/support.js';
import { eventually } from '../../support/eventually.js';
import { queueRule, testAlerting } from '../../alerting/support.js';
import { closeAll, startMeasured } from '../support.js';

const clock = new FakeClock();
const buckets = [1];
const failure = new TypeError('x');

/** Returns a registry, and what is reported to it: source, name and whether it was unhandled. */
function observed(): { registry: MetricsRegistry; errors: unknown[][] } {
  const registry = new MetricsRegistry({ clock, logger: { warn: () => undefined } });
  const errors: unknown[][] = [];
  const observer: ErrorObserver = {
    observe: (error, source, name, details) =>
      errors.push([error, source, name, details?.isUnhandled ?? false]),
  };
  registry.errors = observer;
  return { registry, errors };
}

describe('an error is reported', () => {
  it('if it is not caught in the process, or a warning', () => {
    const { registry, errors } = observed();
    const recorder = new ProcessErrorRecorder(registry);
    recorder.countException(failure);
    recorder.countRejection('reason');
    recorder.countWarning(failure);
    expect(errors).toEqual([
      [failure, 'process', 'uncaughtException', true],
      ['reason', 'process', 'unhandledRejection', true],
      [failure, 'warning', 'warning', false],
    ]);
  });

  it('if a job of a queue fails', () => {
    const { registry, errors } = observed();
    const worker = Object.assign(new EventEmitter(), { name: 'mails', callProcessJob: () => undefined });
    const guard = new Guard((error) => {
      throw error;
    });
    const stop = new QueueJobRecorder(registry, clock, guard, { buckets, maxJobs: 10 }).measure(
      worker as never,
    );
    worker.emit('failed', { name: 'welcome', finishedOn: 1 }, failure);
    worker.emit('failed', undefined, failure);
    stop();
    worker.emit('failed', { name: 'welcome' }, failure);
    expect(errors).toEqual([
      [failure, 'job', 'mails welcome', false],
      [failure, 'job', 'mails unknown', false],
    ]);
  });

  it('if a handler of messages throws', () => {
    const { registry, errors } = observed();
    new RpcRecorder(registry, { buckets }).countError('Orders.find', failure);
    new WebSocketRecorder(registry, clock, { buckets }).countError('Chat.send', failure);
    expect(errors).toEqual([
      [failure, 'message', 'Orders.find', false],
      [failure, 'message', 'Chat.send', false],
    ]);
  });

  it('if a resolver throws, and not if the request is invalid or refused', () => {
    const { registry, errors } = observed();
    const recorder = new GraphQLRecorder(registry, clock, { buckets, operationNames: [], resolvers: false });
    recorder
      .operationStarted()
      .end([{ originalError: failure }, {}, { originalError: { extensions: {} } }, undefined, 'text']);
    expect(errors).toEqual([[failure, 'graphql', '<unknown> <invalid>', false]]);
  });

  it('if a health check throws, and not if it reports a status', async () => {
    const { registry, errors } = observed();
    const monitor = new HealthMonitor({ registry, clock });
    monitor.addCheck({ name: 'broken', check: () => Promise.reject(failure) });
    monitor.addCheck({ name: 'down', check: () => ({ status: 'unhealthy' }) });
    await monitor.runHealthChecks();
    expect(errors).toEqual([[failure, 'health', 'broken', false]]);
  });

  it('if a collector of the application fails', async () => {
    const { registry, errors } = observed();
    const collect = (): Promise<void> => Promise.reject(failure);
    const collector = new BusinessCollector({ name: 'sales' }, registry, () => true, collect);
    await expect(collector.collect(new AbortController().signal)).rejects.toBe(failure);
    expect(errors).toEqual([[failure, 'collector', 'sales', false]]);
  });

  it('if an alert handler of the application fails, and not if a ready-made one does', async () => {
    const { registry, errors } = observed();
    const { alerting, registry: rules, step } = testAlerting();
    rules.errors = registry.errors;
    const queue = rules.gauge('queue_length', 'Jobs.', { labelNames: ['queue'] });
    alerting.addAlertRule(queueRule());
    alerting.start();
    const fail = (): never => {
      throw failure;
    };
    alerting.addAlertHandler(fail, { name: 'own', retries: 0 });
    alerting.addAlertHandler({ name: 'made', notify: fail }, { retries: 0 });
    await step(() => queue.set({ queue: 'mail' }, 11));
    expect(errors).toEqual([[failure, 'alert', 'own', false]]);
  });

  it('if a callback of the application fails, and not if this library does', () => {
    const { registry, errors } = observed();
    callbackGuard(registry, 'history.onSample').report(failure);
    instrumentationGuard(registry, 'http').report(failure);
    expect(errors).toEqual([[failure, 'callback', 'history.onSample', false]]);
  });
});

describe('a scheduled job that fails', () => {
  afterEach(closeAll);

  @Injectable()
  class Jobs {
    @Cron('0 0 1 1 *', { name: 'yearly' })
    yearly(): void {}

    @Interval('ticking', 5)
    tick(): void {
      throw new RangeError('job 4711');
    }
  }

  it('is in the groups', async () => {
    const { app } = await startMeasured({ imports: [ScheduleModule.forRoot()], providers: [Jobs] });
    await eventually(() =>
      expect(app.get(ErrorRecords).find({ error: 'RangeError' })).toMatchObject([
        { message: 'job ?', operations: [{ source: 'job', name: 'ticking' }] },
      ]),
    );
  });
});
