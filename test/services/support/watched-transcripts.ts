import { MetricsRegistry } from 'nestjs-monitoring';
import { QueryRecorder } from '../../../lib/integrations/queries/query.recorder.js';
import type { PoolWaits } from '../../../lib/integrations/pool-state.js';
import { Operations } from '../../../lib/instrumentation/requests/operations.js';
import { instrumentationGuard } from '../../../lib/metrics/error-guards.js';
import { systemClock } from '../../../lib/metrics/clock.js';

/** The type of an argument that the types of a library forbid, but that an application in JavaScript may pass. */
export type Anything = never;

/** Throws an error of the application. */
export const boom = (): never => {
  throw new RangeError('of the application');
};

const recorded: Operations[] = [];

/** Ends every operation within which statements were recorded. */
export function endOperations(): void {
  for (const operations of recorded.splice(0)) operations.stop();
}

/** Returns a recorder of statements whose metrics are not read, within an operation that is recorded from now on. */
export function queryRecorder(): QueryRecorder {
  const registry = new MetricsRegistry({ logger: { warn: () => undefined } });
  const operations = new Operations(
    systemClock,
    { sampleRate: 1, repeatedCalls: 10 },
    instrumentationGuard(registry, 'requests'),
  );
  recorded.push(operations);
  const operation = operations.start('http', systemClock.monotonic());
  if (operation !== undefined) operations.enter(operation);
  return new QueryRecorder(registry, systemClock, { slowQueryThresholdMs: 500, maxTables: 50 }, operations);
}

/** Returns an observer of pools that throws. */
export function failingWaits({ guard, operations }: QueryRecorder): PoolWaits {
  return { clock: systemClock, guard, operations, observe: boom };
}

/** Returns the transcripts of the same use of a client, first without monitoring and then with it. */
export async function transcriptPairOf(
  run: (isWatched: boolean) => Promise<string[]>,
): Promise<{ plain: string[]; watched: string[] }> {
  const plain = await run(false);
  if (plain.includes('returned out of patience'))
    throw new Error('the use never ends, even without monitoring');
  return { plain, watched: await run(true) };
}
