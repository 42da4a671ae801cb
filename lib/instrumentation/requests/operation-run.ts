import type { CallScope } from '../../primitives/method-patch.js';
import type { OperationIdentity } from './operation-identity.js';
import type { Operation } from './operation.js';
import type { OperationRecorder } from './operation.recorder.js';

/** One run of a job, a message or another operation that is no HTTP request. It is recorded once, at its first end. */
export class OperationRun implements CallScope {
  private hasEnded = false;

  /** Begins a run. The caller must end it. */
  static begin(records: OperationRecorder, identity: OperationIdentity): OperationRun {
    const startedAt = records.now();
    const operation = records.operations.start(identity.kind, startedAt, identity);
    return new OperationRun(records, identity, operation, startedAt);
  }

  /** @param operation undefined if it is not sampled */
  private constructor(
    private readonly records: OperationRecorder,
    private readonly identity: OperationIdentity,
    private readonly operation: Operation | undefined,
    private readonly startedAt: number,
  ) {}

  /** Runs its work, in its async context if it is sampled. */
  run<R>(work: () => R): R {
    const { operation, records, identity } = this;
    return operation === undefined
      ? records.operations.runUnsampled(identity, work)
      : records.operations.runOwnCode(operation, work);
  }

  /** Enters the run for the rest of the current async context. */
  enter(): void {
    if (this.operation !== undefined) this.records.operations.enter(this.operation);
  }

  /**
   * Ends the run.
   *
   * @param exception the thrown value, if it is known and Nest has not handled it already
   * @param identity its identity, if it was unknown at its beginning
   */
  end(hasFailed: boolean, exception?: unknown, { kind, name, metrics } = this.identity): void {
    const { operation, records } = this;
    // An operation that is no longer open was abandoned.
    if (this.hasEnded || operation?.isOpen === false) return;
    this.hasEnded = true;
    const durationMs = records.now() - this.startedAt;
    records.end(operation, { kind, name, metrics, hasFailed, durationMs, exception });
  }
}
