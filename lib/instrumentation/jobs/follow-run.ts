/** How the run of a job ended. */
export type RunOutcome = 'success' | 'error';

/**
 * Runs a job and tells once how it ended, with the error if it failed. A promise, or what can be awaited like one, is
 * waited for; anything else has ended, as whoever runs the job does not wait for it either.
 *
 * @param end must not throw
 */
export function followRun(run: () => unknown, end: (outcome: RunOutcome, error?: unknown) => void): unknown {
  let result: unknown;
  let isPending: boolean;
  try {
    result = run();
    isPending = typeof (result as { then?: unknown } | null | undefined)?.then === 'function';
  } catch (error) {
    end('error', error);
    throw error;
  }
  if (!isPending) {
    end('success');
    return result;
  }
  return Promise.resolve(result).then(
    (value: unknown) => {
      end('success');
      return value;
    },
    (error: unknown) => {
      end('error', error);
      throw error;
    },
  );
}
