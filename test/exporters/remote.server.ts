import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import snappy from 'snappyjs';
import { gunzipSync, gzipSync, inflateSync } from 'node:zlib';
import type { RemoteMood, ResponseBody } from './push/exporter.contract.js';

/** A request that has arrived completely. */
export interface ReceivedRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  /** As it came. */
  readonly body: Buffer;
  /** Without its Content-Encoding. */
  readonly content: Buffer;
  /** Whether it was taken before, without its sender being told in time. */
  readonly repeated: boolean;
}

export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
}

/** What goes wrong with a request instead of its being looked at. */
export type Trouble = 'hang' | 'reset' | Answer;

const FLOOD_BYTES = 256 * 1024 * 1024;
const BOMBS = 6;
let madeBomb: Buffer | undefined;

/** 250 kB that are 256 MB when they have been inflated; made of small members, since tests look at the memory. */
function bomb(): Buffer {
  madeBomb ??= Buffer.concat(Array<Buffer>(256).fill(gzipSync(Buffer.alloc(1024 * 1024))));
  return madeBomb;
}

/** A remote on the wire, on a free port of this machine: what it does with a request is for the subclass to say. */
export abstract class RemoteServer {
  /** Every request that arrived, whatever became of it. */
  readonly requests: ReceivedRequest[] = [];
  /** What happens to the next requests, in this order; after that they are looked at. */
  readonly troubles: Trouble[] = [];
  /** How everything else is treated. */
  mood: RemoteMood = 'takes';
  /** What follows the head of every response. */
  body: ResponseBody = 'whole';
  /** How many bytes of bodies that flood have been sent. */
  floodedBytes = 0;
  /** A text for whose sake whole requests are refused. */
  poison: string | undefined;
  /** How many requests have been left without an answer. */
  held = 0;
  /** What was taken without its sender being told. */
  private readonly untold: Buffer[] = [];
  private readonly server: Server = createServer((request, response) => void this.receive(request, response));

  async start(): Promise<this> {
    // A client may pause for long between two requests, since it runs in the same process.
    this.server.keepAliveTimeout = 0;
    this.server.listen(0, '127.0.0.1');
    await once(this.server, 'listening');
    return this;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    const closed = once(this.server, 'close');
    this.server.close();
    this.server.closeAllConnections();
    await closed;
  }

  protected abstract answerTo(request: ReceivedRequest): Answer | Promise<Answer>;

  private async receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    try {
      for await (const chunk of request) chunks.push(chunk as Buffer);
    } catch {
      return;
    }
    const body = Buffer.concat(chunks);
    const { method = '', url = '', headers } = request;
    const content = decoded(body, headers['content-encoding']);
    if (content === undefined) {
      this.send(response, { status: 400, body: `cannot read the encoding ${headers['content-encoding']}` });
      return;
    }
    const repeated = this.untold.some((taken) => taken.equals(content));
    const received = { method, url, headers, body, content, repeated };
    this.requests.push(received);
    const trouble = this.troubles.shift() ?? this.troubleOfMood(received);
    if (trouble === 'hang') this.held++;
    else if (trouble === 'reset') request.socket.destroy();
    else if (trouble !== undefined) this.send(response, trouble);
    else await this.take(received, response);
  }

  private async take(request: ReceivedRequest, response: ServerResponse): Promise<void> {
    const answer = await this.answerTo(request);
    if (request.repeated) {
      const at = this.untold.findIndex((taken) => taken.equals(request.content));
      this.untold.splice(at, 1);
    }
    if (this.mood === 'answers too late') {
      this.untold.push(request.content);
      this.held++;
    } else this.send(response, answer);
  }

  /** How it says that nothing will be taken until somebody acts. */
  protected refusalOfAll(): Answer {
    return {
      status: this.requests.length % 2 === 0 ? 403 : 302,
      headers: { location: '/elsewhere' },
      body: 'no',
    };
  }

  /** How it says that a request is wrong. */
  protected refusalOf(poison: string): Answer {
    return { status: 400, body: `${poison} is not taken` };
  }

  private send(response: ServerResponse, { status, headers = {}, body }: Answer): void {
    const { socket } = response;
    switch (this.body) {
      case 'whole':
        response.writeHead(status, headers).end(body);
        break;
      case 'breaks off':
        response.writeHead(status, { ...headers, 'content-length': 1_000 });
        response.write('{', () => socket?.destroy());
        break;
      case 'never ends':
        response.writeHead(status, headers).write('{');
        this.held++;
        break;
      case 'floods':
        response.writeHead(status, headers);
        this.flood(response);
        break;
      case 'inflates':
        response.writeHead(status, { ...headers, 'content-encoding': 'gzip' });
        for (let i = 0; i < BOMBS; i++) response.write(bomb());
        response.end();
    }
  }

  private flood(response: ServerResponse): void {
    const chunk = Buffer.alloc(64 * 1024, ' ');
    const more = (): void => {
      while (!response.destroyed && this.floodedBytes < FLOOD_BYTES) {
        this.floodedBytes += chunk.length;
        if (!response.write(chunk)) return;
      }
      response.end();
    };
    response.on('drain', more);
    more();
  }

  private troubleOfMood({ content }: ReceivedRequest): Trouble | undefined {
    if (this.poison !== undefined && content.includes(this.poison)) return this.refusalOf(this.poison);
    if (this.mood === 'refuses') return this.refusalOfAll();
    if (this.mood === 'hangs') return 'hang';
    if (this.mood !== 'fails') return undefined;
    const resets = this.requests.length % 2 === 0 && this.body === 'whole';
    return resets ? 'reset' : { status: 503, body: 'busy' };
  }
}

function decoded(body: Buffer, encoding: string | undefined): Buffer | undefined {
  try {
    if (encoding === 'gzip') return gunzipSync(body);
    if (encoding === 'deflate') return inflateSync(body);
    if (encoding === 'snappy') return Buffer.from(snappy.uncompress(body));
  } catch {
    return undefined;
  }
  return encoding === undefined || encoding === 'identity' ? body : undefined;
}
