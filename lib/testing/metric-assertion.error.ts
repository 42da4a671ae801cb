/** Thrown by an expectation that does not hold; Jest, Vitest and `node:test` show it as a failure of the test. */
export class MetricAssertionError extends Error {
  override readonly name = 'MetricAssertionError';

  /**
   * @param message what was expected, what was found instead, and what there is
   * @param matcher the matcher that failed: the stack begins where the test called it
   */
  constructor(message: string, matcher: (...args: never[]) => unknown) {
    super(message);
    Error.captureStackTrace(this, matcher);
  }
}
