import { types } from 'node:util';
import { errorClass } from '../error-class.js';
import type { CallSites } from '../requests/call-sites.js';
import { codeFrame } from '../application-frame.js';
import { stackTraceOf } from '../stack-trace.js';
import type { ErrorDescription } from './error-group.js';
import { messageTemplate } from './message-template.js';

/** Upper limit for the frames of a group. */
const MAX_SITES = 8;
/** Upper limit for the causes of a group. */
const MAX_CAUSES = 5;

/** Returns the facts of a thrown value. Never throws, whatever the value does. */
export function describeError(thrown: unknown, error: string, sites: CallSites): ErrorDescription {
  const stack = stackTraceOf(thrown);
  const places = stack === undefined ? [] : sites.ofStack(stack, MAX_SITES);
  const message = messageOf(thrown);
  return {
    key: `${error}\n${places[0]?.key ?? firstFrame(stack)}`,
    error,
    sites: places,
    message: message === undefined ? undefined : messageTemplate(message),
    causes: causesOf(thrown),
  };
}

/** Returns the key of errors of a class whose stack traces are not read. */
export function unreadKey(error: string): string {
  return `${error}\n`;
}

/** Returns the first frame of code of Node or a package, by which errors without a place of the application differ. */
function firstFrame(stack = ''): string {
  for (const line of stack.slice(0, 2_000).split('\n', 3)) {
    const frame = codeFrame(line);
    if (frame !== undefined) return `${frame.file}:${frame.line}:${frame.column}`;
  }
  return '';
}

function messageOf(thrown: unknown): string | undefined {
  if (typeof thrown === 'string') return thrown === '' ? undefined : thrown;
  const message = property(thrown, 'message');
  return typeof message === 'string' && message !== '' ? message : undefined;
}

/** Returns the classes of the causes of an error, and of the first errors that an `AggregateError` holds. */
function causesOf(thrown: unknown): string[] {
  const seen = new Set([thrown]);
  const causes: string[] = [];
  const queue = nextOf(thrown);
  for (let i = 0; i < queue.length && causes.length < MAX_CAUSES; i++) {
    const cause = queue[i];
    if (seen.has(cause)) continue;
    seen.add(cause);
    causes.push(errorClass(cause));
    queue.push(...nextOf(cause));
  }
  return causes;
}

function nextOf(error: unknown): unknown[] {
  const cause = property(error, 'cause');
  const errors = property(error, 'errors');
  return [
    ...(cause === undefined || cause === null ? [] : [cause]),
    ...(Array.isArray(errors) && !types.isProxy(errors)
      ? errors.slice(0, MAX_CAUSES).filter((each) => types.isNativeError(each))
      : []),
  ];
}

/** Returns a property of a thrown value; undefined if it has none, or its getter throws. */
function property(value: unknown, name: 'message' | 'cause' | 'errors'): unknown {
  // A proxy would run code of the application.
  if (typeof value !== 'object' || value === null || types.isProxy(value)) return undefined;
  try {
    return (value as Partial<Record<typeof name, unknown>>)[name];
  } catch {
    return undefined;
  }
}
