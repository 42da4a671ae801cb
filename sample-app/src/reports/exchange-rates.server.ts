import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import type { Currency } from '../deals/deal.entity.js';

const EUROS: Readonly<Record<Currency, number>> = { EUR: 1, USD: 0.92, GBP: 1.17 };

/** So many may ask at the same time. */
const MOST_AT_ONCE = 10;
/** Longer than a client keeps a connection that it does not need. */
const KEEP_ALIVE_MS = 60_000;

/**
 * Stands for a service of somebody else, with a port of its own: mostly it takes half a second, now and then more than
 * one, and it turns away whoever comes when too many ask.
 */
@Injectable()
export class ExchangeRatesServer implements OnModuleInit, OnApplicationShutdown {
  private readonly server = createServer(
    { keepAliveTimeout: KEEP_ALIVE_MS },
    (_, response) => void this.answer(response),
  );
  private underWay = 0;
  private listeningUrl = '';

  /** The address, also once it is shut down: then whoever asks is refused. @throws {Error} before it listens */
  get url(): string {
    if (this.listeningUrl === '') throw new Error('The exchange rates are not there yet.');
    return this.listeningUrl;
  }

  async onModuleInit(): Promise<void> {
    this.server.listen(0, '127.0.0.1');
    await once(this.server, 'listening');
    const { port } = this.server.address() as AddressInfo;
    this.listeningUrl = `http://127.0.0.1:${port}/rates`;
  }

  onApplicationShutdown(): void {
    this.server.close();
    this.server.closeAllConnections();
  }

  private async answer(response: ServerResponse): Promise<void> {
    response.setHeader('content-type', 'application/json');
    if (this.underWay >= MOST_AT_ONCE) {
      response.writeHead(503).end('{"message":"Too many requests"}');
      return;
    }
    this.underWay++;
    await sleep(350 + 1_200 * Math.random() ** 4);
    this.underWay--;
    response.end(JSON.stringify(EUROS));
  }
}
