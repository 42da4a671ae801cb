import type { Guard } from '../../primitives/guard.js';
import { patchMethod } from '../../primitives/method-patch.js';
import type { ApplicationObjects } from '../application-objects.integration.js';
import { type BullMqWorker, findBullMqWorkers, findBullRegistrars } from './bullmq.discovery.js';
import { isError } from '../../primitives/is-error.js';

/** The names of the errors by which a processor postpones its job. */
const POSTPONING_ERRORS: ReadonlySet<string> = new Set([
  'DelayedError',
  'WaitingError',
  'WaitingChildrenError',
]);
/** The message of `RateLimitError`, by which a processor postpones its job until the queue may go on. */
const RATE_LIMIT = 'bullmq:rateLimitExceeded';

/**
 * Calls back for each worker, at once or as soon as it is created. If this is called before the modules are
 * initialised, that is before the worker takes its first job.
 *
 * @param guard reports errors of the callback
 * @returns a function that scans once more, for workers that were created by other means
 */
export function watchBullMqWorkers(
  objects: ApplicationObjects,
  onWorker: (worker: BullMqWorker) => void,
  guard: Guard,
): () => void {
  const known = new WeakSet<BullMqWorker>();
  const scan = (): void => {
    for (const { instance } of findBullMqWorkers(objects)) {
      if (known.has(instance)) continue;
      known.add(instance);
      guard.call(onWorker, instance);
    }
  };
  const scanAfterRegistration = (): void => {
    objects.refresh();
    scan();
  };
  for (const { instance } of findBullRegistrars(objects)) {
    patchMethod(instance, 'register', guard, () => ({ returned: scanAfterRegistration }));
  }
  scan();
  return scan;
}

/** Returns true for an error that postpones the job instead of failing it, by the rules of BullMQ. */
export function isDeferral(error: unknown): boolean {
  if (!isError(error)) return false;
  if (error.message === RATE_LIMIT || POSTPONING_ERRORS.has(error.name)) return true;
  for (
    let type: unknown = error.constructor;
    typeof type === 'function';
    type = Object.getPrototypeOf(type)
  ) {
    if (POSTPONING_ERRORS.has(type.name)) return true;
  }
  return false;
}
