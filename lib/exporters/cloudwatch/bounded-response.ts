import { Readable } from 'node:stream';
import { beginningOf } from '../push/http-answer.js';

/** The part of the `middlewareStack` of a command of the AWS SDK that is used of it. */
export interface CommandMiddleware {
  /** Adds a step between the SDK and the network. */
  add(
    middleware: (next: (input: unknown) => Promise<SdkOutput>) => (input: unknown) => Promise<SdkOutput>,
    options: { readonly step: 'deserialize'; readonly priority: 'low'; readonly name: string },
  ): void;
}

interface SdkOutput {
  readonly response?: unknown;
}

interface SdkResponse {
  readonly statusCode?: number;
  body?: unknown;
}

/**
 * The response to one command of the AWS SDK, which would read any length of it: it is handed the beginning only, and
 * a head of success is an acknowledgement, whatever becomes of the body.
 */
export class BoundedResponse {
  isAcknowledged = false;

  constructor(private readonly signal: AbortSignal) {}

  /** Comes between the network and the SDK, for this command only. */
  bind(stack: CommandMiddleware): void {
    stack.add(
      (next) => async (input) => {
        const output = await next(input);
        await this.bound(output?.response as SdkResponse | undefined);
        return output;
      },
      // Next to the network, so that it is before what reads the response.
      { step: 'deserialize', priority: 'low', name: 'nestjsMonitoringBoundedResponse' },
    );
  }

  private async bound(response: SdkResponse | undefined): Promise<void> {
    const { statusCode = 0, body } = response ?? {};
    this.isAcknowledged = statusCode >= 200 && statusCode < 300;
    if (response === undefined || !(body instanceof Readable)) return;
    const ending = new AbortController();
    ending.signal.addEventListener('abort', () => body.destroy());
    // What breaks off later is nobody's error.
    body.on('error', () => undefined);
    const beginning = await beginningOf(body as AsyncIterable<Uint8Array>, this.signal, ending);
    response.body = Readable.from([beginning]);
  }
}
