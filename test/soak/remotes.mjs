import { once } from 'node:events';
import { createServer } from 'node:http';

/** A Pushgateway and an OpenTelemetry collector, as far as they take what they are sent. */
export class Remotes {
  pushes = 0;
  /** What the Pushgateway was sent last. */
  lastExposition = '';
  #server = createServer((request, response) => void this.#take(request, response));

  async start() {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    this.url = `http://127.0.0.1:${this.#server.address().port}`;
    return this;
  }

  stop() {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  async #take(request, response) {
    const pieces = [];
    for await (const piece of request) pieces.push(piece);
    this.pushes++;
    if (request.method === 'PUT') this.lastExposition = Buffer.concat(pieces).toString();
    response.writeHead(200).end();
  }
}
