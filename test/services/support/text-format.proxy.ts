import { request } from 'node:http';
import { LocalServer } from './local.server.js';

/** Starts a proxy that asks for the text format only; Prometheus always asks for OpenMetrics first. */
export function startTextFormatProxy(target: string): Promise<LocalServer> {
  return LocalServer.listen((incoming, outgoing) => {
    const headers = { ...incoming.headers, accept: 'text/plain;version=0.0.4', host: new URL(target).host };
    request(new URL(incoming.url ?? '/', target), { method: incoming.method, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
    })
      .on('error', () => outgoing.destroy())
      .end();
  });
}
