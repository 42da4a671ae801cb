import { Guard } from '../primitives/guard.js';
import type { ErrorObserver } from '../primitives/error-observer.js';
import { messageOf } from '../primitives/error-message.js';

/** The part of a registry that a guard uses. */
interface ErrorCounts {
  /** The guards that count in this registry, by message. */
  readonly guards: Map<string, Guard>;
  /** The observer of the errors of the application. */
  readonly errors?: ErrorObserver | undefined;
  warn(message: string): void;
  counter(
    name: string,
    help: string,
    options: { readonly labelNames: readonly string[] },
  ): { inc(labels: Readonly<Record<string, string>>): void };
}

/**
 * Returns the guard of one part of the instrumentation. Errors of this library inside calls of the application are
 * counted in `monitoring_instrumentation_errors_total`, and the first one is logged.
 *
 * @param part name of the part, such as `ioredis` or `http`
 */
export function instrumentationGuard(registry: ErrorCounts, part: string): Guard {
  return countingGuard(registry, {
    metric: 'monitoring_instrumentation_errors_total',
    help: 'Errors of this library inside calls of the application, which complete without being measured, by part.',
    labels: { part },
    message: `Instrumentation "${part}" failed; the application is not affected, but this call is not measured`,
  });
}

/**
 * Returns the guard of one kind of callback that the application registers. Errors that a callback throws or rejects with
 * are counted in `monitoring_callback_errors_total`, and the first one is logged.
 *
 * @param callback name of the callback, such as `history.onSample`
 */
export function callbackGuard(registry: ErrorCounts, callback: string): Guard {
  return countingGuard(registry, {
    metric: 'monitoring_callback_errors_total',
    help: 'Errors thrown by callbacks of the application, by callback.',
    labels: { callback },
    message: `Callback "${callback}" failed`,
    observe: (error) => registry.errors?.observe(error, 'callback', callback),
  });
}

interface ErrorReport {
  readonly metric: string;
  readonly help: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly message: string;
  /** Called with each error of the application. */
  readonly observe?: (error: unknown) => void;
}

function countingGuard(registry: ErrorCounts, report: ErrorReport): Guard {
  let guard = registry.guards.get(report.message);
  if (guard === undefined) {
    guard = newGuard(registry, report);
    registry.guards.set(report.message, guard);
  }
  return guard;
}

function newGuard(registry: ErrorCounts, { metric, help, labels, message, observe }: ErrorReport): Guard {
  let isLogged = false;
  return new Guard((error) => {
    if (!isLogged) {
      isLogged = true;
      registry.warn(`${message}: ${messageOf(error)}. Further errors are only counted in ${metric}.`);
    }
    observe?.(error);
    registry.counter(metric, help, { labelNames: Object.keys(labels) }).inc(labels);
  });
}
