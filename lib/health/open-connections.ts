import type { Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

const SESSION = Symbol('monitoring.session');
const IS_SECURED = Symbol('monitoring.isSecured');

/** A connection as Node keeps it: with the parser of its requests, until it is upgraded, and the present response. */
interface HttpSocket extends Socket {
  readonly _httpMessage?: ServerResponse | null;
  readonly parser?: object | null;
  readonly encrypted?: boolean;
  /** The connection that an encrypted one is carried by. */
  readonly _parent?: HttpSocket | null;
  [SESSION]?: Http2Session;
  [IS_SECURED]?: true;
}

/** A connection of HTTP/2. Its socket hides behind a proxy, by which its properties are reached. */
interface Http2Session {
  readonly socket: HttpSocket;
  /** True when it has ended on this side, also while the other side has not. */
  readonly destroyed: boolean;
  close(): void;
  destroy(): void;
  once(event: 'close', listener: () => void): unknown;
}

const SOCKET_EVENTS = ['connection', 'secureConnection'];

/** The connections of a server. They cost something when they are made, and nothing for each request. */
export class OpenConnections {
  private readonly sockets = new Set<HttpSocket>();
  private readonly sessions = new Set<Http2Session>();
  /** By connection with an incomplete request: the bytes it had received. */
  private readonly received = new WeakMap<HttpSocket, number>();
  /** Those that had sent nothing when idle connections were closed last: until then, something may be on its way. */
  private readonly unused = new WeakSet<HttpSocket>();

  constructor(private readonly server: Server) {}

  watch(): void {
    for (const event of SOCKET_EVENTS) this.server.on(event, this.addSocket);
    this.server.on('session', this.addSession);
  }

  unwatch(): void {
    for (const event of SOCKET_EVENTS) this.server.removeListener(event, this.addSocket);
    this.server.removeListener('session', this.addSession);
    this.sockets.clear();
    this.sessions.clear();
  }

  /** Returns whether there is any connection. */
  get isEmpty(): boolean {
    return this.sockets.size === 0;
  }

  /**
   * Returns how many requests are being answered, without streams of events: they never end by themselves. Once idle
   * connections have been closed, a connection of HTTP/2 that is left counts as one.
   */
  requestsUnderWay(): number {
    return this.count(isAnswering) + this.sessions.size;
  }

  /**
   * Returns how many connections have sent the beginning of a request only, or may be about to, once idle connections
   * have been closed.
   */
  incompleteRequests(): number {
    return this.count((socket) => !socket._httpMessage && (isIncomplete(socket) || isUnused(socket)));
  }

  /** Closes what has no request under way; where none was ever sent, when this is called again. */
  closeIdle(): void {
    // A server of HTTP/2 only has no such method.
    (this.server as Partial<Server>).closeIdleConnections?.();
    this.closeEach((socket) => isUnused(socket) && this.unused.has(socket));
    for (const socket of this.sockets) if (isUnused(socket)) this.unused.add(socket);
    // It takes no further request, and ends with its last one.
    for (const session of this.sessions) session.close();
  }

  /** Closes what never ends by itself: streams of events, and what is no HTTP any more, such as web sockets. */
  closeEndless(): void {
    this.closeEach(isEndless);
  }

  /**
   * Closes connections whose request is not complete, or that the other side does not close, and of which nothing has
   * come since this was called last.
   */
  closeStalled(): void {
    for (const socket of this.sockets) {
      if (!isIncomplete(socket) && !isBeginning(socket) && !isLingering(socket)) continue;
      if (this.received.get(socket) === socket.bytesRead) socket.destroy();
      else this.received.set(socket, socket.bytesRead);
    }
  }

  closeAll(): void {
    // First: a session whose socket is gone takes it that the client has left.
    for (const session of this.sessions) session.destroy();
    this.closeEach(() => true);
  }

  private count(isCounted: (socket: HttpSocket) => boolean): number {
    let count = 0;
    for (const socket of this.sockets) if (isCounted(socket)) count++;
    return count;
  }

  private closeEach(isClosed: (socket: HttpSocket) => boolean): void {
    for (const socket of this.sockets) if (isClosed(socket)) socket.destroy();
  }

  private readonly addSocket = (socket: HttpSocket): void => {
    this.sockets.add(socket);
    if (socket._parent) socket._parent[IS_SECURED] = true;
    socket.once('close', () => this.sockets.delete(socket));
  };

  private readonly addSession = (session: Http2Session): void => {
    this.sessions.add(session);
    session.socket[SESSION] = session;
    session.once('close', () => this.sessions.delete(session));
  };
}

function isAnswering({ _httpMessage: response }: HttpSocket): boolean {
  return Boolean(response) && !isEventStream(response as ServerResponse);
}

function isEndless({ _httpMessage: response, parser }: HttpSocket): boolean {
  return response ? isEventStream(response) : parser === null;
}

/** Encrypted bytes say nothing: there is a handshake before any request. */
function isUnused(socket: HttpSocket): boolean {
  const { _httpMessage: response, parser, bytesRead, encrypted } = socket;
  if (bytesRead > 0 || encrypted === true) return false;
  return socket[SESSION] !== undefined || isBeginning(socket) || (!response && Boolean(parser));
}

/** Returns whether a connection has not become one of HTTP yet, such as one in its handshake. */
function isBeginning(socket: HttpSocket): boolean {
  return socket.parser === undefined && socket[SESSION] === undefined && socket[IS_SECURED] !== true;
}

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
