import type { Guard } from '../primitives/guard.js';
import type { Found } from './application-objects.integration.js';

/**
 * Watches each instance that is found, from when it is first seen until it is gone or nobody wants to know any more.
 */
export class Attachments<T extends object> {
  private readonly detachments = new Map<T, () => void>();

  /**
   * @param find returns what there is to watch now
   * @param attach begins to watch one; returns a function that ends it
   * @param guard reports what fails
   */
  constructor(
    private readonly find: () => readonly Found<T>[],
    private readonly attach: (found: Found<T>) => () => void,
    private readonly guard: Guard,
  ) {}

  /** Looks for what is new, and lets go of what is not there any more. One that is not as expected is not watched. */
  look(): readonly Found<T>[] {
    const found = this.find();
    const instances = new Set(found.map(({ instance }) => instance));
    for (const instance of this.detachments.keys()) if (!instances.has(instance)) this.detach(instance);
    for (const each of found) {
      if (!this.detachments.has(each.instance)) this.detachments.set(each.instance, this.attachSafely(each));
    }
    return found;
  }

  /** Ends all of it. */
  end(): void {
    for (const instance of this.detachments.keys()) this.detach(instance);
  }

  private attachSafely(found: Found<T>): () => void {
    try {
      return this.attach(found);
    } catch (error) {
      this.guard.report(error);
      return () => undefined;
    }
  }

  private detach(instance: T): void {
    const detach = this.detachments.get(instance);
    this.detachments.delete(instance);
    try {
      detach?.();
    } catch (error) {
      this.guard.report(error);
    }
  }
}
