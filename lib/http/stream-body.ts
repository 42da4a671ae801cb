import type { ServerResponse } from 'node:http';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

/** A body that is too large to be kept in memory, of a known size. */
export class StreamBody {
  /**
   * @param bytes size in bytes
   * @param signal ends the response when it is aborted
   */
  constructor(
    readonly bytes: number,
    private readonly source: () => Readable,
    private readonly signal: AbortSignal,
  ) {}

  /** Sends the body; an error disconnects the client, which misses the rest. */
  sendTo(response: ServerResponse): void {
    pipeline(this.source(), response, { signal: this.signal }).catch(() => undefined);
  }
}
