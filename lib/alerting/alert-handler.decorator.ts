import { applyDecorators, Injectable, SetMetadata } from '@nestjs/common';
import type { AlertHandlerOptions } from './notifications/handler.options.js';
import type { Alert } from './alert.js';

/** Where the options of a handler are kept at its class. */
export const ALERT_HANDLER_METADATA = 'monitoring:alertHandler';

/** What a class with `@AlertHandler()` has to be. */
export interface AlertHandlerProvider {
  /** Told of an alert that fires, and of one that is over. */
  handle(alert: Alert, signal: AbortSignal): unknown;
}

/** A provider that is told of alerts: it is found, and its dependencies are injected. */
export function AlertHandler(
  options: AlertHandlerOptions = {},
): <T extends new (...args: never[]) => AlertHandlerProvider>(target: T) => void {
  return applyDecorators(Injectable(), SetMetadata(ALERT_HANDLER_METADATA, options));
}
