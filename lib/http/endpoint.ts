import type { IncomingHttpHeaders } from 'node:http';
import type { EventStream } from './event-stream.js';
import type { StreamBody } from './stream-body.js';

/** A request to an endpoint, independent of the framework that received it. */
export interface EndpointRequest {
  readonly headers: IncomingHttpHeaders;
  readonly path: string;
  /** Address of the client; undefined if it has disconnected. */
  readonly remoteAddress: string | undefined;
  readonly query: URLSearchParams;
  /** Returns true if the request has valid credentials, or if none are required. */
  readonly isAuthorized: () => Promise<boolean>;
  /** Returns the reply to a request without valid credentials; undefined if they are valid or not required. */
  readonly refusal: () => Promise<EndpointReply | undefined>;
  /**
   * Parses the body as JSON.
   *
   * @throws {BadRequestBody} if the body is not JSON, or too large
   */
  readonly json: () => Promise<unknown>;
}

/** The reply of an endpoint. `content-length` and `cache-control: no-store` are added to its headers. */
export interface EndpointReply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Body of the reply; an event stream stays open until the client disconnects or the stream is closed. */
  readonly body: string | Buffer | EventStream | StreamBody;
}

/** An HTTP endpoint of this library. */
export interface Endpoint {
  /** HTTP method; GET includes HEAD. @default 'GET' */
  readonly method?: 'GET' | 'POST';
  /** Name of the option below `endpoints` that sets its path or turns it off. */
  readonly option: string;
  /** Path without leading slash. */
  readonly path: string;
  /** True if a route of the application takes precedence, because its path is a default. */
  readonly overridable: boolean;
  /** True if valid credentials are required; an open endpoint may still return more details with them. */
  readonly restricted: boolean;
  /** Handles a request. */
  handle(request: EndpointRequest): EndpointReply | Promise<EndpointReply>;
}

/** Returns a reply with a value as JSON. */
export function jsonReply(status: number, body: unknown): EndpointReply {
  return jsonTextReply(status, JSON.stringify(body));
}

/** Returns a reply about an error, with the body of an exception of Nest. */
export function errorReply(statusCode: number, message: string): EndpointReply {
  return jsonReply(statusCode, { statusCode, message });
}

/** Returns a reply with a text that is JSON already. */
export function jsonTextReply(status: number, body: string): EndpointReply {
  return { status, headers: { 'content-type': 'application/json; charset=utf-8' }, body };
}
