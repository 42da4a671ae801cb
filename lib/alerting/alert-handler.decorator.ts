import { applyDecorators, Injectable, SetMetadata } from '@nestjs/common';
import type { AlertHandlerOptions } from './notifications/handler.options.js';
import type { Alert } from './alert.js';

/** Metadata key of the options of a class with `@AlertHandler()`. */
export const ALERT_HANDLER_METADATA = 'monitoring:alertHandler';

/** The interface of a class with `@AlertHandler()`. */
export interface AlertHandlerProvider {
  /** Handles an alert that fires or was resolved. The signal is aborted at the time limit. */
  handle(alert: Alert, signal: AbortSignal): unknown;
}

/** Marks a provider as an alert handler. Discovery registers it when the application starts. */
export function AlertHandler(
  options: AlertHandlerOptions = {},
): <T extends new (...args: never[]) => AlertHandlerProvider>(target: T) => void {
  return applyDecorators(Injectable(), SetMetadata(ALERT_HANDLER_METADATA, options));
}
