import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  type DecodedMetadata,
  type DecodedSeries,
  decodeWriteRequest,
} from '../../exporters/remote-write/write-request-decoder.js';

/**
 * What happens to one request: it is handed on; refused for now; cut off before it is handed on, or after, so that the
 * sender does not know; answered after the time limit of the sender; or handed on only then, when newer ones may have come.
 */
export type Fate = 'pass' | 503 | 429 | 'cut before' | 'cut after' | 'answer late' | 'hand on late';

/** A proxy between an exporter and a receiver of remote write, in which the network fails as the test says. */
export class RemoteWriteProxy {
  /** What happens to the next requests, in this order; afterwards they pass. */
  readonly fates: Fate[] = [];
  /** Everything that the exporter sent, whatever became of it. */
  readonly sent: DecodedSeries[] = [];
  readonly metadata = new Map<string, DecodedMetadata>();
  /** Answers of the receiver to requests that came in time, other than success. */
  readonly refusals: string[] = [];
  requests = 0;
  private readonly late: Promise<unknown>[] = [];
  private readonly server: Server = createServer((request, response) => void this.receive(request, response));

  private constructor(
    private readonly receiver: string,
    private readonly lateMs: number,
  ) {}

  /**
   * @param receiver the URL that requests are handed on to
   * @param lateMs longer than the time limit of the sender
   */
  static async start(receiver: string, lateMs: number): Promise<RemoteWriteProxy> {
    const proxy = new RemoteWriteProxy(receiver, lateMs);
    proxy.server.listen(0, '127.0.0.1');
    await once(proxy.server, 'listening');
    return proxy;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/write`;
  }

  async stop(): Promise<void> {
    await this.untilAllHandedOn();
    const closed = once(this.server, 'close');
    this.server.close();
    this.server.closeAllConnections();
    await closed;
  }

  /** Waits until what is handed on late has been. */
  async untilAllHandedOn(): Promise<void> {
    await Promise.all(this.late);
  }

  private async receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    try {
      for await (const chunk of request) chunks.push(chunk as Buffer);
    } catch {
      return;
    }
    const body = Buffer.concat(chunks);
    this.requests++;
    const { timeseries, metadata } = decodeWriteRequest(body);
    this.sent.push(...timeseries);
    for (const one of metadata) this.metadata.set(one.metricFamilyName, one);
    const fate = this.fates.shift() ?? 'pass';
    if (fate === 503 || fate === 429) response.writeHead(fate, { 'retry-after': '1' }).end('busy');
    else if (fate === 'cut before') request.socket.destroy();
    else if (fate === 'hand on late') {
      this.late.push(sleep(this.lateMs).then(() => this.handOn(request, body)));
    } else {
      const answer = await this.handOn(request, body);
      if (fate === 'cut after' || answer === undefined) request.socket.destroy();
      else if (fate === 'answer late') {
        this.late.push(sleep(this.lateMs).then(() => response.writeHead(answer.status).end(answer.text)));
      } else {
        // Who has given up has sent it again, and perhaps more after it.
        if (answer.status >= 300 && !request.socket.destroyed)
          this.refusals.push(`${answer.status} ${answer.text}`);
        response.writeHead(answer.status).end(answer.text);
      }
    }
  }

  /** @returns undefined if the receiver is away */
  private async handOn(
    { headers }: IncomingMessage,
    body: Buffer,
  ): Promise<{ status: number; text: string } | undefined> {
    const names = ['content-type', 'content-encoding', 'x-prometheus-remote-write-version', 'user-agent'];
    try {
      const answer = await fetch(this.receiver, {
        method: 'POST',
        headers: Object.fromEntries(names.map((name) => [name, String(headers[name])])),
        body,
      });
      return { status: answer.status, text: await answer.text() };
    } catch {
      return undefined;
    }
  }
}
