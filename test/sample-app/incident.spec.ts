import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { AlertWatch, runIncident } from '../../sample-app/src/load/incident.js';
import { readOptions } from '../../sample-app/src/load/options.js';
import { Statistics } from '../../sample-app/src/load/statistics.js';

describe('the load of an incident, which looks at the alerts', () => {
  let server: Server;

  /** Returns the options of a load on an application that answers like this. */
  async function optionsOf(answer: RequestListener) {
    server = createServer(answer).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    return readOptions(['--url', `http://127.0.0.1:${port}`], 'key')!;
  }

  const watchOf = async (answer: RequestListener) =>
    new AlertWatch(
      await optionsOf(answer),
      () => false,
      () => undefined,
    );

  afterEach(() => {
    server.closeAllConnections();
    server.close();
  });

  it.each([401, 403, 404])('gives up at an answer %d, which no later one changes', async (status) => {
    const watch = await watchOf((_, response) => response.writeHead(status).end());
    await expect(watch.look()).rejects.toThrow(`says ${status}. If MONITORING_TOKEN or MONITORING_PORT`);
  });

  it.each([408, 429, 500, 503])(
    'goes on after an answer %d of an application that is busy',
    async (status) => {
      const watch = await watchOf((_, response) => response.writeHead(status).end());
      expect(await watch.look()).toBeUndefined();
    },
  );

  it('waits for no answer once the load is over', async () => {
    const controller = new AbortController();
    const watch = await watchOf((_, response) => {
      controller.abort();
      response.end('{"data":{"alerts":[]}}');
    });
    expect(await watch.until(() => true, controller.signal)).toBe(false);
  });

  it('says that it waits before it asks', async () => {
    const said: string[] = [];
    const options = await optionsOf((_, response) => {
      said.push('asked');
      response.writeHead(404).end();
    });
    const listener = { say: () => undefined, phase: (title: string) => said.push(title) };
    await expect(runIncident('exception', options, new Statistics(), listener as never)).rejects.toThrow(
      'says 404',
    );
    expect(said).toEqual(['until it shows its alerts', 'asked']);
  });
});
