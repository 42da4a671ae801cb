import { Guard } from '../primitives/guard.js';
import { messageOf } from '../primitives/message-of.js';
import type { MetricsRegistry } from './registry.js';

/**
 * Returns the guard of one part of the instrumentation: an error of ours inside a call of the application is counted
 * in `monitoring_instrumentation_errors_total` and the first one is logged.
 *
 * @param part such as `ioredis` or `http`
 */
export function instrumentationGuard(registry: MetricsRegistry, part: string): Guard {
  return countingGuard(registry, {
    metric: 'monitoring_instrumentation_errors_total',
    help: 'Errors of this library inside calls of the application, which went on without being measured, by part.',
    labels: { part },
    message: `Instrumentation "${part}" failed; the application is not affected, but this is not measured`,
  });
}

/**
 * Returns the guard of one kind of callback that the application registers: an error that a callback throws, or
 * rejects with, is counted in `monitoring_callback_errors_total` and the first one is logged.
 *
 * @param callback such as `history.onSample`
 */
export function callbackGuard(registry: MetricsRegistry, callback: string): Guard {
  return countingGuard(registry, {
    metric: 'monitoring_callback_errors_total',
    help: 'Errors of callbacks that the application has registered here, by callback.',
    labels: { callback },
    message: `A callback of "${callback}" failed`,
  });
}

interface ErrorReport {
  readonly metric: string;
  readonly help: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly message: string;
}

function countingGuard(registry: MetricsRegistry, { metric, help, labels, message }: ErrorReport): Guard {
  let isLogged = false;
  return new Guard((error) => {
    if (!isLogged) {
      isLogged = true;
      registry.warn(`${message}: ${messageOf(error)}. Further errors are only counted in ${metric}.`);
    }
    registry.counter(metric, help, { labelNames: Object.keys(labels) }).inc(labels);
  });
}
