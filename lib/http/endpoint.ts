import type { IncomingHttpHeaders } from 'node:http';
import type { EventStream } from './event-stream.js';

/** What an endpoint needs to know of a request, whichever framework it came by. */
export interface EndpointRequest {
  readonly headers: IncomingHttpHeaders;
  readonly path: string;
  readonly query: URLSearchParams;
  /** Whether it shows the credentials that the options ask for; true if they ask for none. */
  readonly isAuthorized: () => Promise<boolean>;
  /** What those are answered who do not show them; undefined for those who do. */
  readonly refusal: () => Promise<EndpointReply | undefined>;
  /**
   * What was sent, read as JSON.
   *
   * @throws {BadRequestBody} if it is something else, or too long
   */
  readonly json: () => Promise<unknown>;
}

/** What an endpoint answers. `content-length` and `cache-control: no-store` are added to the headers. */
export interface EndpointReply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** A stream stays open until the reader leaves or it is closed. */
  readonly body: string | Buffer | EventStream;
}

/** Something of ours that is reached over HTTP. */
export interface Endpoint {
  /** GET includes HEAD. @default 'GET' */
  readonly method?: 'GET' | 'POST';
  /** What the option that moves it or switches it off is called. */
  readonly option: string;
  /** Without leading slash. */
  readonly path: string;
  /** Whether the application may have this route itself, in which case ours makes way. */
  readonly yields: boolean;
  /** Whether only the authorised get an answer; an open endpoint may still say more to them. */
  readonly restricted: boolean;
  handle(request: EndpointRequest): EndpointReply | Promise<EndpointReply>;
}

/** A reply in JSON. */
export function jsonReply(status: number, body: unknown): EndpointReply {
  return jsonTextReply(status, JSON.stringify(body));
}

/** A reply in JSON that is written already. */
export function jsonTextReply(status: number, body: string): EndpointReply {
  return { status, headers: { 'content-type': 'application/json; charset=utf-8' }, body };
}
