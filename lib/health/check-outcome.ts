import { describeValue } from '../options/option-descriptions.js';
import { isError } from '../primitives/is-error.js';
import { redactSecrets } from '../primitives/redact.js';
import { canServe, HEALTH_STATUSES, type HealthStatus, worstOf } from './health-status.js';

/** The outcome of one run of a check. */
export interface CheckOutcome {
  readonly status: HealthStatus;
  readonly message: string;
  readonly details?: Readonly<Record<string, unknown>>;
}

/** The longest message kept, in characters. */
const MAX_MESSAGE_LENGTH = 500;
/** The longest text that is searched for secrets, in characters. */
const MAX_REDACTED_LENGTH = 16_384;
/** The longest details kept, in characters of JSON. */
const MAX_DETAILS_LENGTH = 16_384;

const EXPECTED = `expected { status, message?, details? } with a status of ${HEALTH_STATUSES.join(', ')}, or the result of an indicator of @nestjs/terminus`;

/** The statuses of other libraries. */
const STATUS_ALIASES: Readonly<Record<string, HealthStatus>> = {
  up: 'healthy',
  ok: 'healthy',
  down: 'unhealthy',
  error: 'unhealthy',
};

/** Returns the outcome of a check that returned any value. Never throws. */
export function outcomeOf(result: unknown): CheckOutcome {
  try {
    return parseResult(result) ?? invalidResult(result);
  } catch {
    return invalidResult(result);
  }
}

/** Returns the outcome of a check that threw or rejected with any value. Never throws. */
export function outcomeOfError(error: unknown): CheckOutcome {
  try {
    // Indicators of terminus up to version 11 throw an error with their result in `causes`.
    const causes = isRecord(error) ? error['causes'] : undefined;
    const outcome = parseResult(causes);
    if (outcome !== undefined && !canServe(outcome.status)) return outcome;
  } catch {
    // `causes` is unreadable, so only the error itself is left.
  }
  return { status: 'unhealthy', message: textOf(error) };
}

function invalidResult(result: unknown): CheckOutcome {
  return { status: 'unhealthy', message: `The check returned ${describeResult(result)}; ${EXPECTED}.` };
}

function describeResult(result: unknown): string {
  try {
    const status = isRecord(result) && !Array.isArray(result) ? result['status'] : undefined;
    return status === undefined ? describeValue(result) : `the status ${describeValue(status)}`;
  } catch {
    return 'an unreadable object';
  }
}

function parseResult(result: unknown): CheckOutcome | undefined {
  if (!isRecord(result) || Array.isArray(result)) return undefined;
  // A terminus indicator may itself be named `status`.
  if (result['status'] !== undefined && !isRecord(result['status'])) return parseOwn(result);
  return parseIndicator(result);
}

function parseOwn(result: Readonly<Record<string, unknown>>): CheckOutcome | undefined {
  const status = parseStatus(result['status']);
  if (status === undefined) return undefined;
  return toOutcome(status, result['message'], result['details']);
}

/** Parses the result of a terminus indicator: one or more keys, each with a status and further values. */
function parseIndicator(result: Readonly<Record<string, unknown>>): CheckOutcome | undefined {
  const indicators = Object.entries(result).map(([key, value]) => {
    const { status, message, ...details } = isRecord(value) ? value : {};
    return { key, status: parseStatus(status), message, details };
  });
  const statuses = indicators.map(({ status }) => status).filter((status) => status !== undefined);
  if (indicators.length === 0 || statuses.length < indicators.length) return undefined;
  const status = worstOf(statuses);
  const message = indicators.find((indicator) => indicator.status === status)?.message;
  const [first] = indicators;
  const details =
    indicators.length === 1
      ? first?.details
      : Object.fromEntries(indicators.map(({ key }) => [key, result[key]]));
  return toOutcome(status, message, details);
}

function toOutcome(status: HealthStatus, message: unknown, details: unknown): CheckOutcome {
  const safeDetails = copyDetails(details);
  return {
    status,
    message: message === undefined ? defaultMessage(status) : textOf(message),
    ...(safeDetails !== undefined && { details: safeDetails }),
  };
}

function defaultMessage(status: HealthStatus): string {
  return status === 'healthy' ? 'OK' : `Reported ${status} without a message`;
}

function parseStatus(word: unknown): HealthStatus | undefined {
  if (typeof word !== 'string') return undefined;
  const own = HEALTH_STATUSES.find((status) => status === word);
  return own ?? (Object.hasOwn(STATUS_ALIASES, word) ? STATUS_ALIASES[word] : undefined);
}

/** Returns a JSON copy of the details; one check must not make the whole report impossible to serialize. */
function copyDetails(details: unknown): Record<string, unknown> | undefined {
  if (!isRecord(details) || Object.keys(details).length === 0) return undefined;
  try {
    const text = JSON.stringify(details, (_, value: unknown) =>
      typeof value === 'string' ? redactSecrets(value) : value,
    );
    if (text.length > MAX_DETAILS_LENGTH) return { omitted: `${text.length} characters` };
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    return { omitted: 'cannot be converted to JSON' };
  }
}

/** Returns the text of a value without the credentials that drivers put into their messages. */
function textOf(value: unknown): string {
  let text: string;
  try {
    text = messageOf(value);
  } catch {
    text = 'threw a value that cannot be converted to a string';
  }
  return redactSecrets(text.slice(0, MAX_REDACTED_LENGTH)).slice(0, MAX_MESSAGE_LENGTH);
}

function messageOf(value: unknown): string {
  if (typeof value === 'string') return value;
  if (!isError(value)) return `threw ${String(value)}`;
  // A refused connection to several addresses has no message of its own, only one error per address.
  const [first] = 'errors' in value && Array.isArray(value.errors) ? (value.errors as unknown[]) : [];
  return value.message || (first === undefined ? value.name : messageOf(first));
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
