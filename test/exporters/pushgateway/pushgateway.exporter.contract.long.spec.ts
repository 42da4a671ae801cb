import { describeExporter } from '../push/exporter.contract.js';
import { pushgatewayRemote } from './pushgateway-remote.js';
import { PushgatewayServer } from './pushgateway.server.js';

// A push replaces the group, by the same again if need be: once.
describeExporter({
  name: 'the Pushgateway',
  cumulative: true,
  overHttp: true,
  takenTooLate: { counted: 'once' },
  sequences: 10,
  remote: async () => {
    const server = await new PushgatewayServer().start();
    return pushgatewayRemote(server, 'contract', () => server.samples);
  },
});
