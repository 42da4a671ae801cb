import { isError } from '../../../lib/primitives/is-error.js';

/** A use of a client: everything that the application gets to see of it is logged. */
export interface Shape<C> {
  readonly title: string;
  run(client: C, log: (event: string, ...values: unknown[]) => void): unknown;
}

/** The longest time that a use takes to end, in milliseconds. */
const PATIENCE_MS = 20_000;

/**
 * Returns all that an application sees of a use: what is logged, what is thrown, rejected and never caught, in order.
 */
export async function transcriptOf<C>(client: C, shape: Shape<C>): Promise<string[]> {
  const lines: string[] = [];
  const log = (event: string, ...values: unknown[]): void => {
    lines.push([event, ...values.map(textOf)].join(' '));
  };
  // Those of the test runner would fail the test.
  const restores = (['uncaughtException', 'unhandledRejection'] as const).map((event) => {
    const listeners = process.listeners(event as 'uncaughtException');
    const listener = (error: unknown): void => log(event, error);
    process.removeAllListeners(event);
    process.on(event, listener);
    return () => {
      process.off(event, listener);
      for (const each of listeners) process.on(event, each);
    };
  });
  try {
    const returned = await Promise.race([
      (async () => shape.run(client, log))(),
      new Promise((resolve) => setTimeout(resolve, PATIENCE_MS, 'out of patience').unref()),
    ]);
    log('returned', returned);
    // What is thrown later, or rejected without a handler.
    for (let i = 0; i < 5; i++) await new Promise((resolve) => setTimeout(resolve, 2));
  } catch (error) {
    log('threw', error);
  } finally {
    for (const restore of restores) restore();
  }
  return lines;
}

function textOf(value: unknown): string {
  if (isError(value)) {
    const { name, message, code, fatal } = value as Error & { code?: unknown; fatal?: unknown };
    // Node shows an error event that is no error in its eyes with its stack.
    const shown = code === 'ERR_UNHANDLED_ERROR' ? message.split('\n', 1)[0] : message;
    return `${name}[${String(code)}${fatal === true ? ', fatal' : ''}]: ${shown}`;
  }
  if (typeof value === 'function') return 'a function';
  if (typeof value !== 'object' || value === null) return String(value);
  const { rows, rowCount, command } = value as { rows?: unknown; rowCount?: unknown; command?: unknown };
  if (rows !== undefined) return JSON.stringify({ rows, rowCount, command });
  try {
    return JSON.stringify(value);
  } catch {
    return Object.prototype.toString.call(value);
  }
}
