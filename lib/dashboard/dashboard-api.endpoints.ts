import {
  type Endpoint,
  type EndpointReply,
  type EndpointRequest,
  jsonReply,
  jsonTextReply,
} from '../http/endpoint.js';
import type { EventStream } from '../http/event-stream.js';

import { TooManyQuestionsError } from './answers.js';

/** Thrown for a question that cannot be answered, with the status that says why. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

/** Answers a question in JSON, which may be given as text. */
export class DashboardReadEndpoint implements Endpoint {
  readonly option = 'dashboard';
  readonly restricted = true;

  constructor(
    readonly path: string,
    readonly overridable: boolean,
    private readonly answer: (query: URLSearchParams) => unknown,
  ) {}

  handle({ query }: EndpointRequest): Promise<EndpointReply> {
    return replyWith(() => this.answer(query));
  }
}

/** The header without which nothing is done: no page of another origin can send it without being asked about. */
const INTENT_HEADER = 'x-monitoring-request';

/** Does something, for those who have shown who they are. */
export class DashboardActionEndpoint implements Endpoint {
  readonly method = 'POST';
  readonly option = 'dashboard';
  readonly restricted = true;

  /** @param allowed whether there are credentials to show; without, nobody may do anything */
  constructor(
    readonly path: string,
    readonly overridable: boolean,
    private readonly allowed: boolean,
    private readonly act: (body: Readonly<Record<string, unknown>>) => unknown,
  ) {}

  async handle({ headers, json }: EndpointRequest): Promise<EndpointReply> {
    if (!this.allowed) {
      return refused(403, 'Set endpoints.auth to be able to change anything from the dashboard.');
    }
    if (headers[INTENT_HEADER] === undefined) return refused(403, `Expected the header ${INTENT_HEADER}.`);
    const body = await json();
    if (typeof body !== 'object' || body === null) return refused(400, 'Expected an object in JSON.');
    return replyWith(() => this.act(body as Readonly<Record<string, unknown>>));
  }
}

/** What happens, as it happens. A new reader is a reason to look how things stand. */
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
      return busy(
        `${this.events.readerCount} dashboards are connected, which is the most there may be. Close one and try again.`,
      );
    }
    this.onReader();
    return { status: 200, headers: { 'content-type': 'text/event-stream' }, body: this.events };
  }
}

async function replyWith(answer: () => unknown): Promise<EndpointReply> {
  try {
    const found = await answer();
    return typeof found === 'string' ? jsonTextReply(200, found) : jsonReply(200, found);
  } catch (error) {
    if (error instanceof ApiError) return refused(error.status, error.message);
    if (error instanceof TooManyQuestionsError) return busy(error.message);
    throw error;
  }
}

/** Says when to come back. */
function busy(message: string): EndpointReply {
  const reply = refused(503, message);
  return { ...reply, headers: { ...reply.headers, 'retry-after': '5' } };
}

function refused(statusCode: number, message: string): EndpointReply {
  return jsonReply(statusCode, { statusCode, message });
}
