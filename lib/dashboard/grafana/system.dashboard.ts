import { UIDS } from './dashboard-links.js';
import { type GrafanaDashboard, query } from './grafana-dashboard.js';
import { topGauge, topResults } from './top.js';

/** The machine or container of the application. */
export const SYSTEM_DASHBOARD: GrafanaDashboard = {
  uid: UIDS.system,
  title: 'System Overview',
  description: 'CPU, memory and disk usage, network and disk I/O, processes and threads.',
  rows: [
    {
      title: 'Usage',
      panels: [
        {
          title: 'CPU usage',
          description: 'Percentage of all cores, or of the CPU limit of the container.',
          unit: 'percent',
          queries: [query(topGauge('system_cpu_percent{}'), '{{instance}}')],
          max: 100,
        },
        {
          title: 'Memory usage',
          description: 'Percentage of the total memory, or of the memory limit of the container.',
          unit: 'percent',
          queries: [query(topGauge('system_memory_percent{}'), '{{instance}}')],
          max: 100,
        },
        {
          title: 'Disk usage',
          description: 'Percentage of each file system.',
          unit: 'percent',
          queries: [query(topGauge('system_disk_percent{}'), '{{instance}} {{mount}}')],
          max: 100,
        },
        {
          title: 'Memory used',
          description: 'Used and total memory.',
          unit: 'bytes',
          queries: [
            query(topGauge('system_memory_used_bytes{}'), '{{instance}} used'),
            query(topGauge('system_memory_total_bytes{}'), '{{instance}} total'),
          ],
        },
      ],
    },
    {
      title: 'Network and disk I/O',
      panels: [
        {
          title: 'Network I/O',
          description: 'Bytes received and sent per second, over all interfaces except loopback.',
          unit: 'Bps',
          queries: [
            query(
              topResults('sum by (instance) (system_network_receive_bytes_per_second{})'),
              '{{instance}} received',
            ),
            query(
              topResults('sum by (instance) (system_network_transmit_bytes_per_second{})'),
              '{{instance}} sent',
            ),
          ],
        },
        {
          title: 'Disk I/O',
          description: 'Bytes read and written per second, over all disks.',
          unit: 'Bps',
          queries: [
            query(topResults('sum by (instance) (system_disk_read_bytes_per_second{})'), '{{instance}} read'),
            query(
              topResults('sum by (instance) (system_disk_write_bytes_per_second{})'),
              '{{instance}} written',
            ),
          ],
        },
        {
          title: 'Processes and threads',
          description: 'Number of processes and threads on the machine.',
          unit: 'short',
          queries: [
            query(topGauge('system_processes{}'), '{{instance}} processes'),
            query(topGauge('system_threads{}'), '{{instance}} threads'),
          ],
        },
      ],
    },
  ],
};
