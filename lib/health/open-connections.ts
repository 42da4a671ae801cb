import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { listenTo } from '../primitives/emitter-listener.js';
import type { Guard } from '../primitives/guard.js';

const SESSION = Symbol('monitoring.session');
const IS_SECURED = Symbol('monitoring.isSecured');

/** An HTTP parser with the last request that it has received. */
interface HttpParser {
  readonly incoming?: IncomingMessage | null;
}

/** A connection with the internal state of Node.js: its current response, and its parser until it is upgraded. */
interface HttpSocket extends Socket {
  readonly _httpMessage?: ServerResponse | null;
  readonly parser?: HttpParser | null;
  readonly encrypted?: boolean;
  /** The TCP connection that carries a TLS connection. */
  readonly _parent?: HttpSocket | null;
  [SESSION]?: Http2Session;
  [IS_SECURED]?: true;
}

/** An HTTP/2 session. Its socket is a proxy that passes on property access. */
interface Http2Session {
  readonly socket: HttpSocket;
  /** True if this side has ended, even if the client has not. */
  readonly destroyed: boolean;
  close(): void;
  destroy(): void;
  once(event: 'close', listener: () => void): unknown;
}

const SOCKET_EVENTS = ['connection', 'secureConnection'];

/** The open connections of a server. Tracking has a cost per connection, none per request. */
export class OpenConnections {
  private readonly sockets = new Set<HttpSocket>();
  private readonly sessions = new Set<Http2Session>();
  /** The bytes received so far by each connection that may be stalled. */
  private readonly received = new WeakMap<HttpSocket, number>();
  /** The connections that had received nothing at the previous `closeIdle()`. Data may be on its way until the next. */
  private readonly unused = new WeakSet<HttpSocket>();
  private stopListening: (() => void)[] = [];

  constructor(
    private readonly server: Server,
    private readonly guard: Guard,
  ) {}

  watch(): void {
    const { server, guard } = this;
    this.stopListening = [
      ...SOCKET_EVENTS.map((event) => listenTo(server, event, guard, this.addSocket)),
      listenTo(server, 'session', guard, this.addSession),
    ];
  }

  unwatch(): void {
    for (const stop of this.stopListening.splice(0)) stop();
    this.sockets.clear();
    this.sessions.clear();
  }

  /** True if no connection is open. */
  get isEmpty(): boolean {
    return this.sockets.size === 0;
  }

  /** Yields the responses in progress that no other response of the same connection waits for. */
  *lastResponses(): Iterable<ServerResponse> {
    for (const { _httpMessage: response, parser } of this.sockets) {
      if (response && parser?.incoming === response.req) yield response;
    }
  }

  /**
   * Returns the number of requests in flight, without event streams, which never end. After `closeIdle()`, each
   * remaining HTTP/2 session counts as one request.
   */
  requestsInFlight(): number {
    return this.count(isResponding) + this.sessions.size;
  }

  /**
   * Returns the number of connections with an incomplete request, or, after `closeIdle()`, with a request that may be
   * on its way.
   */
  incompleteRequests(): number {
    return this.count((socket) => !socket._httpMessage && (isIncomplete(socket) || isUnused(socket)));
  }

  /** Closes connections without a request. One that has never received data is closed at the second call. */
  closeIdle(): void {
    // An HTTP/2 server has no such method.
    (this.server as Partial<Server>).closeIdleConnections?.();
    this.closeWhere((socket) => isUnused(socket) && this.unused.has(socket));
    for (const socket of this.sockets) if (isUnused(socket)) this.unused.add(socket);
    // A closed session accepts no further request, and ends with its last one.
    for (const session of this.sessions) this.guard.run(() => session.close());
  }

  /** Closes connections that never end: event streams, and upgraded connections such as web sockets. */
  closeEndless(): void {
    this.closeWhere(isEndless);
  }

  /**
   * Closes connections that have received nothing since the previous call, and have an incomplete request or wait for
   * the client to close them. Also closes those whose head is still incomplete: nothing works on such a request, and
   * its bytes may arrive one by one for ever.
   */
  closeStalled(): void {
    for (const socket of this.sockets) {
      if (!isIncomplete(socket) && !isBeginning(socket) && !isLingering(socket)) continue;
      const received = this.received.get(socket);
      if (received === socket.bytesRead || (received !== undefined && !socket._httpMessage)) socket.destroy();
      else this.received.set(socket, socket.bytesRead);
    }
  }

  closeAll(): void {
    // Sessions first: a session whose socket is destroyed reports that the client has disconnected.
    for (const session of this.sessions) this.guard.run(() => session.destroy());
    this.closeWhere(() => true);
  }

  private count(matches: (socket: HttpSocket) => boolean): number {
    let count = 0;
    for (const socket of this.sockets) if (matches(socket)) count++;
    return count;
  }

  private closeWhere(matches: (socket: HttpSocket) => boolean): void {
    for (const socket of this.sockets) if (matches(socket)) this.guard.run(() => socket.destroy());
  }

  private readonly addSocket = (socket: HttpSocket): void => {
    // Before anything else, since an application may pass any object to its server as a connection.
    socket.once('close', () => this.sockets.delete(socket));
    this.sockets.add(socket);
    if (socket._parent) socket._parent[IS_SECURED] = true;
  };

  private readonly addSession = (session: Http2Session): void => {
    session.once('close', () => this.sessions.delete(session));
    this.sessions.add(session);
    session.socket[SESSION] = session;
  };
}

function isResponding({ _httpMessage: response }: HttpSocket): boolean {
  return Boolean(response) && !isEventStream(response as ServerResponse);
}

function isEndless({ _httpMessage: response, parser }: HttpSocket): boolean {
  return response ? isEventStream(response) : parser === null;
}

/** Returns true if a connection has received no data. Always false for TLS, where a handshake precedes the request. */
function isUnused(socket: HttpSocket): boolean {
  const { _httpMessage: response, parser, bytesRead, encrypted } = socket;
  if (bytesRead > 0 || encrypted === true) return false;
  return socket[SESSION] !== undefined || isBeginning(socket) || (!response && Boolean(parser));
}

/** Returns true if a connection has no HTTP parser or session yet, for example during a TLS handshake. */
function isBeginning(socket: HttpSocket): boolean {
  return socket.parser === undefined && socket[SESSION] === undefined && socket[IS_SECURED] !== true;
}

/** Returns true if a connection waits for the client to close its HTTP/2 session. */
function isLingering(socket: HttpSocket): boolean {
  return socket[SESSION]?.destroyed === true;
}

function isIncomplete(socket: HttpSocket): boolean {
  const { _httpMessage: response, parser } = socket;
  return response ? !response.req.complete : Boolean(parser) && !isUnused(socket);
}

function isEventStream(response: ServerResponse & { readonly _header?: string | null }): boolean {
  return /\r\ncontent-type: *text\/event-stream/i.test(response._header ?? '');
}
