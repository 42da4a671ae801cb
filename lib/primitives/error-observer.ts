/** The part of an application in which an error occurred. */
export type ErrorSource =
  | 'http'
  | 'job'
  | 'message'
  | 'graphql'
  | 'process'
  | 'warning'
  | 'health'
  | 'collector'
  | 'alert'
  | 'callback';

/** Further facts about an error that has occurred. */
export interface ErrorDetails {
  /** Route template of an HTTP request. */
  readonly route?: string;
  /** True if nothing in the application handled the error. @default false */
  readonly isUnhandled?: boolean;
  /** ID of the record of the operation. @default the record of the current operation, if there is one */
  readonly recordId?: string | undefined;
}

/** An observer of the errors of the application. It never throws. */
export interface ErrorObserver {
  /**
   * Observes an error.
   *
   * @param name name of the operation that failed, such as `GET /orders/:id` or `OrdersGateway.create`; not a value of a request
   */
  observe(error: unknown, source: ErrorSource, name: string, details?: ErrorDetails): void;
}
