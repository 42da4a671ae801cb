import { type CallObserver } from '../../primitives/method-patch.js';
import type { RedisCall, RedisRecorder } from './redis-recorder.js';

/** The name of a batch that is sent as a transaction, by the command that ends it. */
export const TRANSACTION = 'exec';
/** The name of a batch that is sent as it is. */
export const PIPELINE = 'pipeline';

export type BatchKind = typeof TRANSACTION | typeof PIPELINE;

/**
 * Observes the commands that are sent together and answered together. Those that the server refuses are errors of
 * their own; where the whole batch fails, and its client does not tell because of which command, it is one error of
 * the batch.
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
    const failed = Array.isArray(replies) ? replies.map((reply) => reply instanceof Error) : [];
    this.end((index) => failed[index]);
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

/** Returns which commands of a `MultiErrorReply` the server has refused. */
function failedIndexes(error: unknown): readonly unknown[] | undefined {
  const { errorIndexes } = (error ?? {}) as { readonly errorIndexes?: unknown };
  return Array.isArray(errorIndexes) ? errorIndexes : undefined;
}
