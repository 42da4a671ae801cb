import type { AsyncLocalStorage } from 'node:async_hooks';
import type { OperationScope } from '../../integrations/operation-waits.js';
import type { OperationContext } from './operation.js';

/** The async context of a call. */
export class ContextScope implements OperationScope {
  constructor(
    private readonly storage: AsyncLocalStorage<OperationContext | undefined>,
    private readonly context: OperationContext | undefined,
  ) {}

  /** The scope itself, as an observer of the call has it. */
  get scope(): this {
    return this;
  }

  run<R>(call: () => R): R {
    return this.storage.run(this.context, call);
  }
}
