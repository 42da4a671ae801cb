import type { Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** The response that a connection is busy with is kept on it by Node. */
interface HttpSocket extends Socket {
  readonly _httpMessage?: ServerResponse | null;
}

const EVENTS = ['connection', 'secureConnection'];

/** The connections of a server. They cost something when they are made, and nothing for each request. */
export class OpenConnections {
  private readonly sockets = new Set<HttpSocket>();

  constructor(private readonly server: Server) {}

  watch(): void {
    for (const event of EVENTS) this.server.on(event, this.add);
  }

  unwatch(): void {
    for (const event of EVENTS) this.server.removeListener(event, this.add);
    this.sockets.clear();
  }

  /** How many requests are being answered, without streams of events: they never end by themselves. */
  requestsUnderWay(): number {
    let count = 0;
    for (const { _httpMessage: response } of this.sockets) {
      if (response && !isEventStream(response)) count++;
    }
    return count;
  }

  private readonly add = (socket: HttpSocket): void => {
    this.sockets.add(socket);
    socket.once('close', () => this.sockets.delete(socket));
  };
}

function isEventStream(response: ServerResponse & { readonly _header?: string | null }): boolean {
  return /\r\ncontent-type: *text\/event-stream/i.test(response._header ?? '');
}
