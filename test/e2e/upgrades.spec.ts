import { once } from 'node:events';
import { type IncomingMessage, type Server, ServerResponse } from 'node:http';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from '@jest/globals';
import { Controller, Get, type INestApplication, Module } from '@nestjs/common';
import { MonitoringModule } from 'nestjs-monitoring';
import { ADAPTERS, type AdapterName, inProgress, type RunningApp, startApp } from './fixture/start-app.js';

@Controller()
class Rooms {
  @Get('rooms/:id')
  room(): string {
    return 'a room';
  }
}

@Module({ imports: [MonitoringModule.forRoot({ health: { drainDelayMs: 0 } })], controllers: [Rooms] })
class AppModule {}

type Route = (request: IncomingMessage, response: ServerResponse) => void;

/** How a router of web sockets sends an upgrade through the framework, to find who is for it. */
interface SocketRouter {
  readonly name: string;
  readonly answer: (request: IncomingMessage, response: ServerResponse, socket: Socket, route: Route) => void;
}

const SWITCHED = 'HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n';

const ROUTERS: readonly SocketRouter[] = [
  {
    name: 'with a response that goes nowhere',
    answer: (request, response, socket, route) => {
      response.end = () => response;
      route(request, response);
      socket.write(SWITCHED);
    },
  },
  {
    name: 'with a response that has the connection, and is left',
    answer: (request, response, socket, route) => {
      response.assignSocket(socket);
      response.end = () => response;
      route(request, response);
      socket.write(SWITCHED);
    },
  },
  {
    name: 'with a response that gives its connection back',
    answer: (request, response, socket, route) => {
      response.assignSocket(socket);
      response.end = () => response;
      route(request, response);
      response.detachSocket(socket);
      socket.write(SWITCHED);
    },
  },
];

function routeOf(nest: INestApplication, adapter: AdapterName): Route {
  const framework: unknown = nest.getHttpAdapter().getInstance();
  return adapter === 'express' ? (framework as Route) : (framework as { routing: Route }).routing;
}

let app: RunningApp | undefined;

afterEach(async () => {
  await app?.close();
  app = undefined;
});

describe.each(ADAPTERS)('web sockets that are routed through %s', (adapter) => {
  it.each(ROUTERS)('are no requests, $name', async ({ answer }) => {
    const running = (app = await startApp(adapter, AppModule));
    const server = running.app.getHttpServer() as Server;
    const route = routeOf(running.app, adapter);
    server.on('upgrade', (request: IncomingMessage, socket: Socket) => {
      socket.on('error', () => undefined);
      answer(request, new ServerResponse(request), socket, route);
    });
    for (const path of ['/rooms/1', '/rooms/2', '/nowhere']) {
      const socket = connect(running.port, '127.0.0.1');
      socket.on('error', () => undefined);
      socket.write(
        `GET ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n`,
      );
      await once(socket, 'data');
      expect(inProgress(running.registry)).toBe(0);
      socket.destroy();
      await once(socket, 'close');
    }
    await running.get('/rooms/3');
    await sleep(20);
    expect((await running.recorded()).requests).toEqual(['GET /rooms/:id 200']);
  });
});

it.each(ADAPTERS)('a request that asks %s for an upgrade nobody is for is a request', async (adapter) => {
  app = await startApp(adapter, AppModule);
  await app.get('/rooms/1', { headers: { connection: 'Upgrade', upgrade: 'h2c' } });
  expect((await app.recorded()).requests).toEqual(['GET /rooms/:id 200']);
});
