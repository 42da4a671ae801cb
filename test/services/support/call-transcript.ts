import { inspect } from 'node:util';
import { isError } from '../../../lib/primitives/is-error.js';

/** Something that an application does with a client, and its name. */
export type Step<C> = readonly [title: string, step: (client: C) => unknown];

/** How long a step may take; one that never settles does so with and without us. */
const STEP_MS = 20_000;

/**
 * Returns what came of each step, one after the other, then of all at once in the order in which they ended.
 *
 * @param options `once` to leave the second run out
 */
export async function transcriptOf<C>(
  client: C,
  steps: readonly Step<C>[],
  options: { readonly once?: boolean } = {},
): Promise<string[]> {
  const lines: string[] = [];
  const run = async ([title, step]: Step<C>): Promise<void> => {
    let result: unknown;
    try {
      result = step(client);
    } catch (error) {
      lines.push(`${title}: threw ${textOf(error)}`);
      return;
    }
    const kind = result instanceof Promise ? 'promise of' : 'plain';
    try {
      const value = await within(result);
      lines.push(`${title}: ${kind} ${textOf(value)}`);
    } catch (error) {
      lines.push(`${title}: ${kind} rejection ${textOf(error)}`);
    }
  };
  for (const step of steps) await run(step);
  if (options.once === true) return lines;
  lines.push('all at once');
  await Promise.all(steps.map(run));
  return lines;
}

function textOf(value: unknown): string {
  if (!isError(value)) return inspect(value, { depth: 6, breakLength: Infinity });
  const { errorIndexes } = value as { readonly errorIndexes?: unknown };
  return `${value.constructor.name} ${value.name} ${value.message} ${inspect(errorIndexes)}`;
}

async function within(result: unknown): Promise<unknown> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<string>((resolve) => {
    timer = setTimeout(() => resolve('nothing'), STEP_MS);
  });
  try {
    return await Promise.race([result, late]);
  } finally {
    clearTimeout(timer);
  }
}
