import { PushError, type PushRequest } from './push-destination.js';

/** Says of some data points, in place of a request, that the remote does not take such and why. */
export class Refusal implements PushRequest {
  readonly payload = undefined;
  readonly bytes = 0;

  constructor(
    readonly points: number,
    private readonly reason: string,
  ) {}

  /** What a destination answers when it is asked to send this: so they are counted as dropped, and the log says so. */
  asError(): PushError {
    return new PushError(this.reason, 'drop');
  }
}

/** Says of some data points, in place of a request, that the remote has taken them already. */
export class Acknowledgement implements PushRequest {
  readonly payload = undefined;
  readonly bytes = 0;

  constructor(readonly points: number) {}
}
