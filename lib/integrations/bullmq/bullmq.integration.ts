import type { ApplicationObjects, Found } from '../application-objects.integration.js';
import { hasMethods } from '../structure.js';
import {
  type BullMqQueue,
  type BullMqWorker,
  findBullMqQueues,
  findBullMqWorkers,
} from './bullmq.discovery.js';

/** What is used of the `BullRegistrar` of `@nestjs/bullmq`, which makes the workers of the `@Processor()`s. */
interface BullRegistrar {
  register: (this: BullRegistrar) => unknown;
}

/** What an application has of BullMQ. */
export class BullMqIntegration {
  constructor(private readonly objects: ApplicationObjects) {}

  /** The queues, under their names. */
  queues(): Found<BullMqQueue>[] {
    return findBullMqQueues(this.objects);
  }

  /**
   * Calls back for each worker, now or as soon as it is made: before it has taken its first job, if this is called
   * before the modules are initialised.
   *
   * @param found must not throw
   * @returns how to look once more, for workers that something else has made meanwhile
   */
  eachWorker(found: (worker: BullMqWorker) => void): () => void {
    const { objects } = this;
    const known = new WeakSet<BullMqWorker>();
    const look = (): void => {
      for (const { instance } of findBullMqWorkers(objects)) {
        if (known.has(instance)) continue;
        known.add(instance);
        found(instance);
      }
    };
    for (const { instance } of objects.find({ is: isRegistrar })) {
      const { register } = instance;
      instance.register = function () {
        const registered = register.call(this);
        objects.refresh();
        look();
        return registered;
      };
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
