import type { Guard } from '../../primitives/guard.js';
import { patchMethod } from '../../primitives/method-patch.js';
import type { ApplicationObjects, Found } from '../application-objects.integration.js';
import { hasMethods } from '../structure.js';
import {
  type BullMqQueue,
  type BullMqWorker,
  findBullMqQueues,
  findBullMqWorkers,
} from './bullmq.discovery.js';

/** The part that is used of the `BullRegistrar` of `@nestjs/bullmq`, which makes the workers of the `@Processor()`s. */
interface BullRegistrar {
  register(): unknown;
}

/** The queues and workers of BullMQ that an application has. */
export class BullMqIntegration {
  constructor(private readonly objects: ApplicationObjects) {}

  /** Returns the queues, under their names. */
  queues(): Found<BullMqQueue>[] {
    return findBullMqQueues(this.objects);
  }

  /**
   * Calls back for each worker, now or as soon as it is made: before it has taken its first job, if this is called
   * before the modules are initialised.
   *
   * @param guard keeps what it throws out of the application
   * @returns a function that looks once more, for workers that something else has made meanwhile
   */
  eachWorker(found: (worker: BullMqWorker) => void, guard: Guard): () => void {
    const { objects } = this;
    const known = new WeakSet<BullMqWorker>();
    const look = (): void => {
      for (const { instance } of findBullMqWorkers(objects)) {
        if (known.has(instance)) continue;
        known.add(instance);
        guard.call(found, instance);
      }
    };
    const lookAfterRegistration = (): void => {
      objects.refresh();
      look();
    };
    for (const { instance } of objects.find({ is: isRegistrar })) {
      patchMethod(instance, 'register', guard, () => ({ returned: lookAfterRegistration }));
    }
    look();
    return look;
  }
}

function isRegistrar(candidate: object): candidate is BullRegistrar {
  return (
    hasMethods(candidate, 'register', 'getModuleExtras') && candidate.constructor.name === 'BullRegistrar'
  );
}
