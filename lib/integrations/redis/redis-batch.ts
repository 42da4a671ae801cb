import type { CallObserver } from '../../primitives/method-patch.js';
import type { RedisCall, RedisRecorder } from './redis.recorder.js';
import { isError } from '../../primitives/is-error.js';

/** The name of a batch that is sent as a transaction, which is the command that ends it. */
export const TRANSACTION = 'exec';
/** The name of a batch that is sent without a transaction. */
export const PIPELINE = 'pipeline';

/** The kind of a batch, as the command of its own errors. */
export type BatchKind = typeof TRANSACTION | typeof PIPELINE;

/**
 * An observer of the commands of one batch. A command that the server refuses is an error of that command. If the whole
 * batch fails, and the client does not say by which command, that is one error of the batch.
 */
export class RedisBatch implements CallObserver {
  private readonly calls: (RedisCall | undefined)[];

  constructor(
    private readonly recorder: RedisRecorder,
    private readonly client: string,
    private readonly kind: BatchKind,
    commands: readonly unknown[],
  ) {
    this.calls = commands.map((command) => recorder.begin(client, command));
  }

  fulfilled(replies: unknown): void {
    const all: readonly unknown[] = Array.isArray(replies) ? replies : [];
    this.end((index) => isError(all[index]));
  }

  rejected(error: unknown): void {
    const failed = failedIndexes(error);
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
