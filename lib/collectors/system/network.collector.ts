import type { Clock } from '../../metrics/clock.js';
import type { MetricsRegistry } from '../../metrics/registry.js';
import type { ManagedCollector } from '../managed-collector.js';
import type { NetworkReading, SystemSource } from './system-source.js';
import { type DeviceCount, DeviceTraffic } from './device-traffic.js';
import { SYSTEM_METRICS } from '../../metrics/metric-names.js';

const COUNTS: readonly DeviceCount<NetworkReading>[] = [
  {
    name: 'system_network_receive_bytes_total',
    help: 'Bytes received.',
    valueOf: ({ receivedBytes }) => receivedBytes,
    rate: {
      name: SYSTEM_METRICS.networkReceive,
      help: 'Bytes received per second since the last reading, over all interfaces.',
    },
  },
  {
    name: 'system_network_transmit_bytes_total',
    help: 'Bytes sent.',
    valueOf: ({ transmittedBytes }) => transmittedBytes,
    rate: {
      name: SYSTEM_METRICS.networkTransmit,
      help: 'Bytes sent per second since the last reading, over all interfaces.',
    },
  },
  {
    name: 'system_network_receive_errors_total',
    help: 'Receive errors.',
    valueOf: ({ receiveErrors }) => receiveErrors,
  },
  {
    name: 'system_network_transmit_errors_total',
    help: 'Transmit errors.',
    valueOf: ({ transmitErrors }) => transmitErrors,
  },
  {
    name: 'system_network_receive_drops_total',
    help: 'Received packets that were dropped.',
    valueOf: ({ receiveDrops }) => receiveDrops,
  },
  {
    name: 'system_network_transmit_drops_total',
    help: 'Outgoing packets that were dropped.',
    valueOf: ({ transmitDrops }) => transmitDrops,
  },
];

/** A collector of network traffic by interface, without the loopback. */
export class NetworkCollector implements ManagedCollector {
  readonly name = 'system_network';
  readonly metricNames: readonly string[];

  private readonly traffic: DeviceTraffic<NetworkReading, 'interface'>;

  constructor(
    registry: MetricsRegistry,
    private readonly source: SystemSource,
    private readonly clock: Clock,
  ) {
    this.traffic = new DeviceTraffic(registry, 'interface', (reading) => reading.interface, COUNTS);
    this.metricNames = this.traffic.metricNames;
  }

  async collect(): Promise<void> {
    const readings = await this.source.networks();
    this.traffic.update(readings, this.clock.monotonic());
  }
}
