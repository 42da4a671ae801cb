/** An error of an expectation that does not hold. Jest, Vitest and `node:test` report it as a test failure. */
export class MetricAssertionError extends Error {
  override readonly name = 'MetricAssertionError';

  /**
   * @param message the expected result, the actual one, and the existing series
   * @param matcher the failed matcher; the stack begins at its call
   */
  constructor(message: string, matcher: (...args: never[]) => unknown) {
    super(message);
    Error.captureStackTrace(this, matcher);
  }
}
