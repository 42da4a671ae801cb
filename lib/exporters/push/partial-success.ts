import { PushError, type PushRequest } from './push-destination.js';

/** A placeholder request for data points that the remote rejects, with the reason. It is never sent. */
export class RejectedPoints implements PushRequest {
  readonly payload = undefined;
  readonly bytes = 0;

  constructor(
    readonly points: number,
    private readonly reason: string,
  ) {}

  /** Returns the error to throw instead of sending, so that the points are counted as dropped and logged. */
  asError(): PushError {
    return new PushError(this.reason, 'drop');
  }
}

/** A placeholder request for data points that the remote has already accepted. It is never sent. */
export class AcceptedPoints implements PushRequest {
  readonly payload = undefined;
  readonly bytes = 0;

  constructor(readonly points: number) {}
}
