import { HEALTH_STATUSES, type HealthStatus, serves, worstOf } from './health-status.js';

/** What one run of a check came to. */
export interface CheckOutcome {
  readonly status: HealthStatus;
  readonly message: string;
  readonly details?: Readonly<Record<string, unknown>>;
}

/** More of a message than this helps nobody, and what is kept is bounded. */
const LONGEST_MESSAGE = 500;
/** Details that are longer as JSON are left out. */
const LONGEST_DETAILS = 16_384;

const EXPECTED =
  'expected { status, message?, details? } or what an indicator of @nestjs/terminus gives back';

/** The words of others for a status. */
const OTHER_WORDS: Readonly<Record<string, HealthStatus>> = {
  up: 'healthy',
  ok: 'healthy',
  down: 'unhealthy',
  error: 'unhealthy',
};

/** What a check gave back, whatever that is; never throws. */
export function outcomeOf(answer: unknown): CheckOutcome {
  try {
    return readAnswer(answer) ?? nonsense(answer);
  } catch {
    return nonsense(answer);
  }
}

/** What a check threw or rejected with, whatever that is; never throws. */
export function outcomeOfError(error: unknown): CheckOutcome {
  try {
    // Indicators of terminus up to version 11 throw what they found.
    const causes = isRecord(error) ? error['causes'] : undefined;
    const found = readAnswer(causes);
    if (found !== undefined && !serves(found.status)) return found;
  } catch {
    // Then it is an error as any other.
  }
  return { status: 'unhealthy', message: textOf(error) };
}

function nonsense(answer: unknown): CheckOutcome {
  const got = answer === null ? 'null' : Array.isArray(answer) ? 'a list' : typeof answer;
  return { status: 'unhealthy', message: `The check gave back ${got}: ${EXPECTED}.` };
}

function readAnswer(answer: unknown): CheckOutcome | undefined {
  if (!isRecord(answer) || Array.isArray(answer)) return undefined;
  if (answer['status'] !== undefined && !isRecord(answer['status'])) return readOwn(answer);
  return readIndicator(answer);
}

function readOwn(answer: Readonly<Record<string, unknown>>): CheckOutcome | undefined {
  const status = statusOf(answer['status']);
  if (status === undefined) return undefined;
  return outcome(status, answer['message'], answer['details']);
}

/** The result of an indicator of terminus: one or more keys, each with a status of its own and more beside. */
function readIndicator(answer: Readonly<Record<string, unknown>>): CheckOutcome | undefined {
  const parts = Object.entries(answer).map(([key, part]) => {
    const { status, message, ...details } = isRecord(part) ? part : {};
    return { key, status: statusOf(status), message, details };
  });
  const statuses = parts.map(({ status }) => status).filter((status) => status !== undefined);
  if (parts.length === 0 || statuses.length < parts.length) return undefined;
  const status = worstOf(statuses);
  const message = parts.find((part) => part.status === status)?.message;
  const [first] = parts;
  const details =
    parts.length === 1 ? first?.details : Object.fromEntries(parts.map(({ key }) => [key, answer[key]]));
  return outcome(status, message, details);
}

function outcome(status: HealthStatus, message: unknown, details: unknown): CheckOutcome {
  const kept = safeDetails(details);
  return {
    status,
    message: message === undefined ? (status === 'healthy' ? 'OK' : `It is ${status}`) : textOf(message),
    ...(kept !== undefined && { details: kept }),
  };
}

function statusOf(word: unknown): HealthStatus | undefined {
  if (typeof word !== 'string') return undefined;
  const own = HEALTH_STATUSES.find((status) => status === word);
  return own ?? (Object.hasOwn(OTHER_WORDS, word) ? OTHER_WORDS[word] : undefined);
}

/** A copy that can be shown as JSON; what cannot, such as a circle, must not spoil the report for the others. */
function safeDetails(details: unknown): Record<string, unknown> | undefined {
  if (!isRecord(details) || Object.keys(details).length === 0) return undefined;
  try {
    const text = JSON.stringify(details);
    if (text.length > LONGEST_DETAILS) return { omitted: `${text.length} characters` };
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    return { omitted: 'not to be shown as JSON' };
  }
}

/** What it says, without the credentials that drivers like to put into addresses. */
function textOf(value: unknown): string {
  let text: string;
  try {
    text = messageOf(value);
  } catch {
    text = 'it threw what cannot be shown as text';
  }
  return text.replace(/\/\/[^/\s]*@/g, '//***@').slice(0, LONGEST_MESSAGE);
}

function messageOf(value: unknown): string {
  if (typeof value === 'string') return value;
  if (!(value instanceof Error)) return `it threw ${String(value)}`;
  // A connection that was refused on several addresses has its reasons below, and no message of its own.
  const [first] = value instanceof AggregateError ? (value.errors as unknown[]) : [];
  return value.message || (first === undefined ? value.name : messageOf(first));
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
