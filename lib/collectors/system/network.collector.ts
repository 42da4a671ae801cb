import type { Clock } from '../../metrics/clock.js';
import type { MetricsRegistry } from '../../metrics/registry.js';
import type { SourceCollector } from '../source.collector.js';
import type { NetworkReading, SystemSource } from './system-source.js';
import { Traffic, type TrafficCount } from './traffic.js';

const COUNTS: readonly TrafficCount<NetworkReading>[] = [
  {
    name: 'system_network_receive_bytes_total',
    help: 'Bytes received.',
    of: ({ receivedBytes }) => receivedBytes,
    rate: {
      name: 'system_network_receive_bytes_per_second',
      help: 'Bytes received a second since the last look, over all interfaces.',
    },
  },
  {
    name: 'system_network_transmit_bytes_total',
    help: 'Bytes sent.',
    of: ({ transmittedBytes }) => transmittedBytes,
    rate: {
      name: 'system_network_transmit_bytes_per_second',
      help: 'Bytes sent a second since the last look, over all interfaces.',
    },
  },
  {
    name: 'system_network_receive_errors_total',
    help: 'Packets that were received broken.',
    of: ({ receiveErrors }) => receiveErrors,
  },
  {
    name: 'system_network_transmit_errors_total',
    help: 'Packets that could not be sent.',
    of: ({ transmitErrors }) => transmitErrors,
  },
  {
    name: 'system_network_receive_drops_total',
    help: 'Packets that were received and dropped.',
    of: ({ receiveDrops }) => receiveDrops,
  },
  {
    name: 'system_network_transmit_drops_total',
    help: 'Packets that were dropped instead of sent.',
    of: ({ transmitDrops }) => transmitDrops,
  },
];

/** What goes through the network, the loopback left out. */
export class NetworkCollector implements SourceCollector {
  readonly name = 'system_network';
  readonly metricNames: readonly string[];

  private readonly traffic: Traffic<NetworkReading, 'interface'>;

  constructor(
    registry: MetricsRegistry,
    private readonly source: SystemSource,
    private readonly clock: Clock,
  ) {
    this.traffic = new Traffic(registry, 'interface', (reading) => reading.interface, COUNTS);
    this.metricNames = this.traffic.metricNames;
  }

  async collect(): Promise<void> {
    const readings = await this.source.networks();
    this.traffic.follow(readings, this.clock.monotonic());
  }
}
