import type { CallObserver } from '../../primitives/method-patch.js';
import type { OperationWait } from '../operation-waits.js';
import type { RedisCall, RedisRecorder } from './redis.recorder.js';
import { isError } from '../../primitives/is-error.js';

/** The name of a batch that is sent as a transaction, which is the command that ends it. */
export const TRANSACTION = 'exec';
/** The name of a batch that is sent without a transaction. */
export const PIPELINE = 'pipeline';

/** The kind of a batch, as the command of its own errors. */
export type BatchKind = typeof TRANSACTION | typeof PIPELINE;

/** The wait for all commands of one batch together, which ends with the last of them. */
export class BatchWait implements OperationWait {
  private openCommands = 0;
  private hasFailed = false;

  constructor(private readonly wait: OperationWait) {}

  /** Returns the wait for a further command. */
  join(): OperationWait {
    this.openCommands++;
    return this;
  }

  end(_: undefined, hasFailed: boolean): void {
    this.hasFailed ||= hasFailed;
    if (--this.openCommands === 0) this.wait.end(undefined, this.hasFailed);
  }
}

/** Begins the wait of the current operation for a batch; undefined if none is recorded. */
export function beginBatchWait(recorder: RedisRecorder, kind: BatchKind): OperationWait | undefined {
  return recorder.beginWait(kind === TRANSACTION ? 'multi' : kind);
}

/**
 * An observer of the commands of one batch. A command that the server refuses is an error of that command. If the whole
 * batch fails, and the client does not say by which command, that is one error of the batch.
 */
export class RedisBatch implements CallObserver {
  private readonly calls: (RedisCall | undefined)[];
  private readonly wait: OperationWait | undefined;

  constructor(
    private readonly recorder: RedisRecorder,
    private readonly client: string,
    private readonly kind: BatchKind,
    commands: readonly unknown[],
  ) {
    this.wait = commands.length === 0 ? undefined : beginBatchWait(recorder, kind);
    this.calls = commands.map((command) => recorder.beginWithin(client, command, undefined));
  }

  fulfilled(replies: unknown): void {
    const all: readonly unknown[] = Array.isArray(replies) ? replies : [];
    this.wait?.end(undefined, all.some(isError));
    this.end((index) => isError(all[index]));
  }

  rejected(error: unknown): void {
    const failed = failedIndexes(error);
    this.wait?.end(undefined, true);
    this.end((index) => failed?.includes(index) === true);
    if (failed === undefined && this.calls.some((call) => call !== undefined)) {
      this.recorder.recordError(this.client, this.kind);
    }
  }

  threw(error: unknown): void {
    this.rejected(error);
  }

  private end(hasFailed: (index: number) => boolean): void {
    for (const [index, call] of this.calls.entries()) call?.end(hasFailed(index));
  }
}

/** Returns the indexes of the refused commands in a `MultiErrorReply`. */
function failedIndexes(error: unknown): readonly unknown[] | undefined {
  const { errorIndexes } = (error ?? {}) as { readonly errorIndexes?: unknown };
  return Array.isArray(errorIndexes) ? errorIndexes : undefined;
}
