import { applyDecorators, Injectable, SetMetadata } from '@nestjs/common';
import { expectClass } from '../options/option-checks.js';
import { type AlertHandlerOptions, resolveHandlerOptions } from './notifications/handler.options.js';
import type { Alert } from './alert.js';

/** Metadata key of the options of a class with `@AlertHandler()`. */
export const ALERT_HANDLER_METADATA = 'monitoring:alertHandler';

/** The interface of a class with `@AlertHandler()`. */
export interface AlertHandlerProvider {
  /** Handles an alert that fires or was resolved. The signal is aborted at the time limit. */
  handle(alert: Alert, signal: AbortSignal): unknown;
}

/**
 * Marks a provider as an alert handler. Discovery registers it when the application starts.
 *
 * @throws {MonitoringOptionsError} for invalid options, and on anything other than a class
 */
export function AlertHandler(
  options: AlertHandlerOptions = {},
): <T extends new (...args: never[]) => AlertHandlerProvider>(target: T) => void {
  resolveHandlerOptions('the options of @AlertHandler()', options);
  return (target, ...place: unknown[]) => {
    expectClass('@AlertHandler()', target, place);
    applyDecorators(Injectable(), SetMetadata(ALERT_HANDLER_METADATA, options))(target);
  };
}
