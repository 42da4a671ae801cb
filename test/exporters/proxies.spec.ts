import { once } from 'node:events';
import { createServer, request, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { MetricsRegistry } from '../../lib/metrics/registry.js';
import type { PushFetch } from 'nestjs-monitoring/exporters';
import { PushgatewayExporter } from '../../lib/exporters/pushgateway/pushgateway.exporter.js';
import { fetch as fetchOfUndici, ProxyAgent } from 'undici';
import { proxyAgents } from '../../lib/exporters/cloudwatch/proxy-agents.js';
import { PushgatewayServer } from './pushgateway/pushgateway.server.js';

let gateway: PushgatewayServer;
let proxy: Server;
const passed: string[] = [];

beforeEach(async () => {
  passed.length = 0;
  gateway = await new PushgatewayServer().start();
  proxy = createServer((incoming, response) => {
    passed.push(`${incoming.method} ${incoming.url}`);
    const { method, headers, url = '' } = incoming;
    const onward = request(url, { method, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    incoming.pipe(onward);
  });
  proxy.on('connect', (incoming, socket, head) => {
    passed.push(`CONNECT ${incoming.url}`);
    const [host, port] = (incoming.url ?? '').split(':');
    const onward = connect(Number(port), host, () => {
      socket.write('HTTP/1.1 200 Connection Established\r\n\r\n');
      onward.write(head);
      onward.pipe(socket).pipe(onward);
    });
    for (const end of [onward, socket]) end.on('error', () => undefined);
  });
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
});

afterEach(async () => {
  proxy.closeAllConnections();
  proxy.close();
  await gateway.stop();
});

describe('a proxy', () => {
  it.each([[true], [false]])('is used by a fetch of undici, tunnelled: %s', async (proxyTunnel) => {
    const { port } = proxy.address() as AddressInfo;
    const dispatcher = new ProxyAgent({ uri: `http://127.0.0.1:${port}`, proxyTunnel });
    const fetch: PushFetch = (url, init) => fetchOfUndici(url, { ...init, dispatcher });
    const registry = new MetricsRegistry();
    registry.counter('users_total', 'Users.').inc(3);
    await new PushgatewayExporter(registry, { url: gateway.url, jobName: 'nightly', fetch }).push();
    expect(gateway.samples).toContainEqual(expect.objectContaining({ name: 'users_total', value: 3 }));
    expect(passed).toHaveLength(1);
    await dispatcher.close();
  });

  it.each([['fetch'], [1], [{}], [null]])('cannot be configured with a fetch that is %j', (fetch) => {
    const options = { url: 'http://127.0.0.1:1', jobName: 'x', fetch: fetch as never };
    expect(() => new PushgatewayExporter(new MetricsRegistry(), options)).toThrow(
      'must be a function like fetch',
    );
  });

  it.each<[string, NodeJS.ProcessEnv, string[], boolean]>([
    ['nothing', {}, [], false],
    ['a proxy alone', { HTTPS_PROXY: 'http://p:1' }, [], false],
    ['the variable', { NODE_USE_ENV_PROXY: '1' }, [], true],
    ['the variable, off', { NODE_USE_ENV_PROXY: '0' }, [], false],
    ['the flag', {}, ['--use-env-proxy'], true],
    ['the flag among the options', { NODE_OPTIONS: '--x --use-env-proxy' }, [], true],
  ])('of the environment is used by the AWS SDK if Node uses it, by %s', (_, environment, flags, isUsed) => {
    expect(proxyAgents(environment, flags) !== undefined).toBe(isUsed);
  });
});
