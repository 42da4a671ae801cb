import { Readable } from 'node:stream';
import { beginningOf } from '../push/http-exchange.js';

/** The part of the `middlewareStack` of an AWS SDK command that is used. */
export interface CommandMiddleware {
  /** Adds a middleware between the SDK and the network. */
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
 * A size limit for the response to one AWS SDK command. The SDK would read any length, so it receives the beginning
 * only. A status of success is an acknowledgement, even if the body breaks off.
 */
export class BoundedResponse {
  /** True if the status of the response was a success. */
  isAcknowledged = false;

  constructor(private readonly signal: AbortSignal) {}

  /** Adds itself to the middleware of one command. */
  bind(stack: CommandMiddleware): void {
    stack.add(
      (next) => async (input) => {
        const output = await next(input);
        await this.limit(output?.response as SdkResponse | undefined);
        return output;
      },
      // Closest to the network, before the middleware that reads the response.
      { step: 'deserialize', priority: 'low', name: 'nestjsMonitoringBoundedResponse' },
    );
  }

  private async limit(response: SdkResponse | undefined): Promise<void> {
    const { statusCode = 0, body } = response ?? {};
    this.isAcknowledged = statusCode >= 200 && statusCode < 300;
    if (response === undefined || !(body instanceof Readable)) return;
    const cancel = new AbortController();
    cancel.signal.addEventListener('abort', () => body.destroy());
    // A later error of the body must not become an uncaught one.
    body.on('error', () => undefined);
    const beginning = await beginningOf(body as AsyncIterable<Uint8Array>, this.signal, cancel);
    response.body = Readable.from([beginning]);
  }
}
