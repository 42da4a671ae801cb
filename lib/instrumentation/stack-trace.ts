import { types } from 'node:util';

/** Maximum length of the frames that are read, in UTF-16 code units. */
const MAX_FRAMES_LENGTH = 16_384;
/** Position up to which the message of an error begins in its stack trace, after the name of its class. */
const MAX_NAME_LENGTH = 256;

/**
 * Returns the frames of the stack trace of a thrown value, without its message, which may look like frames; undefined if it
 * has none. It never throws. Reading a stack trace for the first time formats it, which takes tens of microseconds.
 */
export function stackTraceOf(error: unknown): string | undefined {
  // A proxy would run code of the application.
  if (typeof error !== 'object' || error === null || types.isProxy(error)) return undefined;
  try {
    const { stack, message } = error as { readonly stack?: unknown; readonly message?: unknown };
    if (typeof stack !== 'string') return undefined;
    const start = typeof message === 'string' && message !== '' ? endOfMessage(stack, message) : 0;
    return stack.slice(start, start + MAX_FRAMES_LENGTH);
  } catch {
    // A getter of the error, or what the application has set to prepare stack traces, throws.
    return undefined;
  }
}

/** Returns the index at which the message of an error ends in its stack trace; 0 if it has another one. */
function endOfMessage(stack: string, message: string): number {
  const head = stack.slice(0, MAX_NAME_LENGTH + message.length);
  const index = head.indexOf(message);
  return index < 0 ? 0 : index + message.length;
}
