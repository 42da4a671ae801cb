import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { ExemplarLabels } from '../../metrics/exemplars.js';
import type { Operation } from '../requests/operation.js';
import type { MethodSeries } from './request-series.js';
import type { FastifyReplyLike } from './fastify-routes.js';

/** The part of a request recorder that ends an observation. */
export interface ObservationOwner {
  end(response: ObservedResponse): void;
}

/**
 * The observation of one request by the recorder of one application. Values that stay the same until the response ends are
 * read once, at the start: Express gives each response and request a hidden class of its own, for which every later read is slow.
 */
export interface RequestObservation {
  readonly recorder: ObservationOwner;
  /** The observation by the application in which this one is mounted. */
  readonly outer: RequestObservation | undefined;
  readonly series: MethodSeries;
  /** Undefined without a real socket: some adapters give the response its request later, or another one. */
  readonly request: IncomingMessage | undefined;
  /** True if Node sends the response in chunks unless its length is known. */
  readonly isChunkedByDefault: boolean;
  /** Start time, in milliseconds on the monotonic clock. */
  readonly startedAt: number;
  /** The recorded operation; undefined if the request is not sampled. */
  readonly operation: Operation | undefined;
  /** The Fastify reply, which knows the route once the response has ended. */
  reply: FastifyReplyLike | undefined;
  /** The trace of the request, which is no longer active when the response closes. */
  exemplar: ExemplarLabels | undefined;
  /** The connection of the request; undefined for HTTP/2 and for a request without a socket. */
  connection: Connection | undefined;
  /** True if the request started while an earlier response was still being sent on its connection. */
  queued: boolean;
  /** True if no route of the application matches the request. */
  unmatched: boolean;
  /** True if the request has been counted or is ignored. */
  ended: boolean;
}

const OBSERVATION = Symbol('monitoring.observation');
const CONNECTION = Symbol('monitoring.connection');

/** A response with the observations of its request. */
export interface ObservedResponse extends ServerResponse {
  [OBSERVATION]?: RequestObservation;
}

/** The responses in progress on one connection. */
interface Connection {
  /** True if the client ended the connection before the server did. */
  endedByClient: boolean;
  current: ObservedResponse | undefined;
  /** Responses that started while an earlier one was still being sent. Created on first use. */
  queued: Set<ObservedResponse> | undefined;
}

/** A socket with the responses in progress. */
export interface HttpSocket extends Socket {
  /** The response that Node is sending. */
  readonly _httpMessage?: ObservedResponse | null;
  [CONNECTION]?: Connection;
}

/** Returns the innermost observation of a response. */
export function observationOf(response: ObservedResponse): RequestObservation | undefined {
  return response[OBSERVATION];
}

/** Returns the observation of a response by one recorder. */
export function observationBy(
  recorder: ObservationOwner,
  response: ObservedResponse,
): RequestObservation | undefined {
  let observation = response[OBSERVATION];
  while (observation !== undefined && observation.recorder !== recorder) observation = observation.outer;
  return observation;
}

/** Starts an observation. */
export function startObservation(response: ObservedResponse, observation: RequestObservation): void {
  response[OBSERVATION] = observation;
  observation.series.inProgress.begin();
}

/** Ends an observation. Returns false if it had already ended. */
export function endObservation(observation: RequestObservation, response: ObservedResponse): boolean {
  if (observation.ended) return false;
  observation.ended = true;
  observation.series.inProgress.end();
  const { connection } = observation;
  if (connection === undefined) return true;
  if (connection.current === response) connection.current = undefined;
  else connection.queued?.delete(response);
  return true;
}

/**
 * Ends the observation of a response with its connection. A response that waits behind another one, or that was
 * detached from its socket, emits no `close` of its own when the connection is lost.
 */
export function observeConnection(response: ObservedResponse, observation: RequestObservation): void {
  const socket: HttpSocket = response.req.socket;
  const connection = (socket[CONNECTION] ??= newConnection(socket));
  observation.connection = connection;
  if (response.socket === null && socket._httpMessage) {
    observation.queued = true;
    (connection.queued ??= new Set()).add(response);
    return;
  }
  const { current } = connection;
  connection.current = response;
  // Node has passed the connection to the next request, so the application has responded without this response.
  if (current !== undefined && current !== response) endForAll(current);
}

function newConnection(socket: Socket): Connection {
  const connection: Connection = { endedByClient: false, current: undefined, queued: undefined };
  // Prepended: Node itself ends the connection as soon as the client has.
  socket.prependOnceListener('end', () => {
    connection.endedByClient = !socket.writableEnded;
  });
  socket.once('close', () => {
    for (const response of connection.queued ?? []) endForAll(response);
    // Node closes most current responses itself, shortly after this event.
    if (connection.current !== undefined) process.nextTick(endCurrent, connection);
  });
  return connection;
}

function endCurrent({ current }: Connection): void {
  if (current !== undefined) endForAll(current);
}

/** Ends the observations of a response by every application. */
function endForAll(response: ObservedResponse): void {
  for (let each = response[OBSERVATION]; each !== undefined; each = each.outer) each.recorder.end(response);
}
