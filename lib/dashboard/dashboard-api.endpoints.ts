import { acceptsGzip } from '../http/accept-encoding.js';
import {
  type Endpoint,
  type EndpointReply,
  type EndpointRequest,
  errorReply,
  jsonReply,
  jsonTextReply,
} from '../http/endpoint.js';
import type { EventStream } from '../http/event-stream.js';
import type { StreamBody } from '../http/stream-body.js';
import type { CompressedTexts } from './compressed-texts.js';
import { isSameOrigin } from './same-origin.js';
import { TooManyRequestsError } from './response-cache.js';

/** An error of an API request, with its HTTP status. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

/** An answer that is JSON already, and the source of its figures: all instances by Prometheus, or this process. */
export class SourcedAnswer {
  constructor(
    readonly json: string,
    readonly source: 'fleet' | 'process',
  ) {}
}

/** Size from which an answer is compressed, in characters; a smaller one fits into one packet anyway. */
const MIN_COMPRESSED = 1_400;

/** An API endpoint that reads. Strings are sent as they are, since they are JSON already; other values as JSON. */
export class DashboardReadEndpoint implements Endpoint {
  readonly option = 'dashboard';
  readonly restricted = true;

  constructor(
    readonly path: string,
    readonly overridable: boolean,
    private readonly read: (query: URLSearchParams) => unknown,
    /** ID of this process, for a page that may reach several at one address. */
    private readonly instance?: string,
    private readonly compressed?: CompressedTexts,
  ) {}

  async handle({ query, headers }: EndpointRequest): Promise<EndpointReply> {
    const reply = await this.smaller(await replyWith(() => this.read(query)), headers['accept-encoding']);
    if (this.instance === undefined) return reply;
    return { ...reply, headers: { ...reply.headers, 'x-monitoring-instance': this.instance } };
  }

  private async smaller(
    reply: EndpointReply,
    accepted: string | string[] | undefined,
  ): Promise<EndpointReply> {
    const { body } = reply;
    if (this.compressed === undefined || typeof body !== 'string' || body.length < MIN_COMPRESSED)
      return reply;
    if (!acceptsGzip(accepted?.toString())) {
      return { ...reply, headers: { ...reply.headers, vary: 'accept-encoding' } };
    }
    const headers = { ...reply.headers, vary: 'accept-encoding', 'content-encoding': 'gzip' };
    return { ...reply, headers, body: await this.compressed.get(body) };
  }
}

/** A required header against CSRF: a page of another origin cannot send it without a CORS preflight. */
const CSRF_HEADER = 'x-monitoring-request';

/** An API endpoint that changes something. It requires credentials. */
export class DashboardActionEndpoint implements Endpoint {
  readonly method = 'POST';
  readonly option = 'dashboard';
  readonly restricted = true;

  /** @param allowed true if credentials are configured; otherwise every action is denied */
  constructor(
    readonly path: string,
    readonly overridable: boolean,
    private readonly allowed: boolean,
    private readonly act: (body: Readonly<Record<string, unknown>>) => unknown,
  ) {}

  async handle({ headers, json }: EndpointRequest): Promise<EndpointReply> {
    if (!this.allowed) {
      return errorReply(403, 'Actions require credentials. Set endpoints.auth to enable them.');
    }
    if (headers[CSRF_HEADER] === undefined) return errorReply(403, `The header ${CSRF_HEADER} is missing.`);
    if (!isSameOrigin(headers)) return errorReply(403, 'The request comes from a page of another origin.');
    const body = await json();
    if (typeof body !== 'object' || body === null) {
      return errorReply(400, 'The request body must be a JSON object.');
    }
    return replyWith(() => this.act(body as Readonly<Record<string, unknown>>));
  }
}

/** An API endpoint that returns a file. It requires credentials, since the file may contain anything. */
export class DashboardFileEndpoint implements Endpoint {
  readonly option = 'dashboard';
  readonly restricted = true;

  /** @param allowed true if credentials are configured; otherwise every file is denied */
  constructor(
    readonly path: string,
    readonly overridable: boolean,
    private readonly allowed: boolean,
    private readonly find: (query: URLSearchParams) => Promise<DashboardFile>,
  ) {}

  async handle({ query }: EndpointRequest): Promise<EndpointReply> {
    if (!this.allowed) {
      return errorReply(403, 'Files require credentials. Set endpoints.auth to enable them.');
    }
    return replyTo(async () => {
      const { name, contentType, body } = await this.find(query);
      const headers = {
        'content-type': contentType,
        'content-disposition': `attachment; filename="${name}"`,
        'x-content-type-options': 'nosniff',
      };
      return { status: 200, headers, body };
    });
  }
}

/** A file that the API returns. */
export interface DashboardFile {
  /** Name of letters, digits, hyphens and dots. */
  readonly name: string;
  readonly contentType: string;
  readonly body: StreamBody;
}

/** The event stream of the dashboard. A new reader triggers a new overview. */
export class DashboardEventsEndpoint implements Endpoint {
  readonly option = 'dashboard';
  readonly restricted = true;

  constructor(
    readonly path: string,
    readonly overridable: boolean,
    private readonly events: EventStream,
    private readonly onReader: () => void,
  ) {}

  handle(): EndpointReply {
    if (this.events.isFull) {
      return busyReply(
        `Too many dashboards are connected (limit ${this.events.readerCount}). Close one and retry.`,
      );
    }
    this.onReader();
    return { status: 200, headers: { 'content-type': 'text/event-stream' }, body: this.events };
  }
}

/** Returns the reply to a read, errors of the API included. Its body is JSON. */
export function replyWith(handle: () => unknown): Promise<EndpointReply> {
  return replyTo(async () => {
    const result = await handle();
    if (result instanceof SourcedAnswer) {
      const reply = jsonTextReply(200, result.json);
      return { ...reply, headers: { ...reply.headers, 'x-monitoring-source': result.source } };
    }
    return typeof result === 'string' ? jsonTextReply(200, result) : jsonReply(200, result);
  });
}

async function replyTo(handle: () => Promise<EndpointReply>): Promise<EndpointReply> {
  try {
    return await handle();
  } catch (error) {
    if (error instanceof ApiError) return errorReply(error.status, error.message);
    if (error instanceof TooManyRequestsError) return busyReply(error.message);
    throw error;
  }
}

/** Returns an error that the client may retry. */
function busyReply(message: string): EndpointReply {
  const reply = errorReply(503, message);
  return { ...reply, headers: { ...reply.headers, 'retry-after': '5' } };
}
