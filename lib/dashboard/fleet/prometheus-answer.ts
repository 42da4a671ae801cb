/** One number over time, or one number. */
export interface PrometheusSeries {
  readonly labels: Readonly<Record<string, string>>;
  /** Seconds since the Unix epoch, in ascending order. */
  readonly times: readonly number[];
  readonly values: readonly number[];
}

/** The most series of an answer. */
export const MAX_SERIES = 5_000;
/** The most labels of a series, and the longest value that is shown whole. */
const MAX_LABELS = 64;
const MAX_LABEL_LENGTH = 1_024;

/** The error of a text that is no answer of Prometheus. */
export class InvalidAnswerError extends Error {}
/** The error of an answer with more than {@link MAX_SERIES} series. */
export class LargeAnswerError extends Error {}

/**
 * Reads the answer to a query of the HTTP API of Prometheus: a vector, or a matrix. Native histograms in it are left out.
 *
 * @throws {InvalidAnswerError} if the text is anything else
 * @throws {LargeAnswerError}
 */
export function readAnswer(text: string): PrometheusSeries[] {
  const { status, data } = objectOf(parsed(text));
  if (status !== 'success') throw new InvalidAnswerError();
  const { resultType, result } = objectOf(data);
  if (!Array.isArray(result) || (resultType !== 'vector' && resultType !== 'matrix')) {
    throw new InvalidAnswerError();
  }
  if (result.length > MAX_SERIES) throw new LargeAnswerError();
  return result.flatMap((given: unknown) => {
    const { metric, value, values } = objectOf(given);
    const points = resultType === 'vector' ? value && [value] : values;
    if (points === undefined) return [];
    if (!Array.isArray(points)) throw new InvalidAnswerError();
    return [{ labels: labelsOf(metric), ...pointsOf(points) }];
  });
}

/** Returns the kind of error in the answer of a failed query, such as `bad_data`; undefined if it has none. */
export function errorTypeOf(text: string): string | undefined {
  try {
    const { errorType } = objectOf(JSON.parse(text));
    return typeof errorType === 'string' && /^[a-z_]{1,40}$/.test(errorType) ? errorType : undefined;
  } catch {
    return undefined;
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new InvalidAnswerError();
  }
}

function objectOf(given: unknown): Readonly<Record<string, unknown>> {
  if (typeof given !== 'object' || given === null) throw new InvalidAnswerError();
  return given as Readonly<Record<string, unknown>>;
}

function labelsOf(metric: unknown): Record<string, string> {
  const entries = Object.entries(objectOf(metric));
  if (entries.length > MAX_LABELS) throw new InvalidAnswerError();
  return Object.fromEntries(
    entries.map(([name, value]) => {
      if (typeof value !== 'string') throw new InvalidAnswerError();
      return [name, value.length > MAX_LABEL_LENGTH ? `${value.slice(0, MAX_LABEL_LENGTH - 1)}…` : value];
    }),
  );
}

function pointsOf(points: readonly unknown[]): Pick<PrometheusSeries, 'times' | 'values'> {
  const times: number[] = [];
  const values: number[] = [];
  for (const point of points) {
    if (!Array.isArray(point)) throw new InvalidAnswerError();
    const [time, value] = point as readonly unknown[];
    if (typeof time !== 'number' || typeof value !== 'string') throw new InvalidAnswerError();
    times.push(time);
    values.push(numberOf(value));
  }
  return { times, values };
}

/** Returns a number as Go writes it. @throws {InvalidAnswerError} for any other text */
function numberOf(text: string): number {
  const value = Number(text.replace(/Inf$/, 'Infinity'));
  if (Number.isNaN(value) && text !== 'NaN') throw new InvalidAnswerError();
  if (text.trim() === '') throw new InvalidAnswerError();
  return value;
}
