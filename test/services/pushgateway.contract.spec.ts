import { afterAll, beforeAll } from '@jest/globals';
import { parseExposition } from '../e2e/fixture/exposition.js';
import { describeExporter } from '../exporters/push/exporter.contract.js';
import { pushgatewayRemote } from '../exporters/pushgateway/pushgateway-remote.js';
import { type Answer, type ReceivedRequest, RemoteServer } from '../exporters/remote.server.js';
import { describeWith, requireBinary } from './support/binaries.js';
import { freePort } from './support/free-port.js';
import { ServerProcess } from './support/server.process.js';

/** Hands on what it is sent, unless it is in the mood to fail. */
class PushgatewayProxy extends RemoteServer {
  readonly refusals: string[] = [];

  constructor(private readonly gateway: string) {
    super();
  }

  protected override async answerTo({ method, url, headers, body }: ReceivedRequest): Promise<Answer> {
    const type = { 'content-type': headers['content-type'] ?? '' };
    const answer = await fetch(`${this.gateway}${url}`, { method, headers: type, body });
    const text = await answer.text();
    if (!answer.ok) this.refusals.push(`${answer.status} ${text}`);
    return { status: answer.status, body: text };
  }
}

describeWith(['prometheus-pushgateway'], 'a real Pushgateway', () => {
  let server: ServerProcess;
  let gateway = '';
  let remotes = 0;

  beforeAll(async () => {
    const port = await freePort();
    gateway = `http://127.0.0.1:${port}`;
    server = await ServerProcess.start({
      command: requireBinary('prometheus-pushgateway'),
      args: [`--web.listen-address=127.0.0.1:${port}`, '--persistence.file='],
      isReady: async () => (await fetch(`${gateway}/-/ready`)).ok,
    });
  });
  afterAll(() => server.stop());

  describeExporter({
    name: 'a real Pushgateway',
    cumulative: true,
    overHttp: true,
    takenTooLate: { counted: 'once' },
    sequences: 4,
    remote: async () => {
      const proxy = await new PushgatewayProxy(gateway).start();
      return pushgatewayRemote(proxy, `contract-${++remotes}`, async () =>
        parseExposition(await (await fetch(`${gateway}/metrics`)).text()),
      );
    },
  });
});
