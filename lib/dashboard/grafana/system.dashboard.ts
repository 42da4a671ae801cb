import { type GrafanaDashboard, query } from './grafana-dashboard.js';

/** The machine, or the container, that the application runs in. */
export const SYSTEM_DASHBOARD: GrafanaDashboard = {
  uid: 'nestjs-monitoring-system',
  title: 'System Overview',
  description: 'CPU, memory and disk usage, network and disk I/O, processes and threads.',
  rows: [
    {
      title: 'Usage',
      panels: [
        {
          title: 'CPU',
          description: 'Share of the processors in use; in a container with a limit, of the limit.',
          unit: 'percent',
          queries: [query('system_cpu_percent{}', '{{instance}}')],
          max: 100,
        },
        {
          title: 'Memory',
          description: 'Share of the memory in use; in a container with a limit, of the limit.',
          unit: 'percent',
          queries: [query('system_memory_percent{}', '{{instance}}')],
          max: 100,
        },
        {
          title: 'Disks',
          description: 'Share of each file system that is full.',
          unit: 'percent',
          queries: [query('system_disk_percent{}', '{{instance}} {{mount}}')],
          max: 100,
        },
        {
          title: 'Memory in use',
          description: 'Memory in use beside what there is.',
          unit: 'bytes',
          queries: [
            query('system_memory_used_bytes{}', '{{instance}} used'),
            query('system_memory_total_bytes{}', '{{instance}} total'),
          ],
        },
      ],
    },
    {
      title: 'Input and output',
      panels: [
        {
          title: 'Network',
          description: 'Bytes received and sent in a second, over all interfaces but the loopback.',
          unit: 'Bps',
          queries: [
            query('sum by (instance) (system_network_receive_bytes_per_second{})', '{{instance}} received'),
            query('sum by (instance) (system_network_transmit_bytes_per_second{})', '{{instance}} sent'),
          ],
        },
        {
          title: 'Disk input and output',
          description: 'Bytes read and written in a second, over all disks.',
          unit: 'Bps',
          queries: [
            query('sum by (instance) (system_disk_read_bytes_per_second{})', '{{instance}} read'),
            query('sum by (instance) (system_disk_write_bytes_per_second{})', '{{instance}} written'),
          ],
        },
        {
          title: 'Processes and threads',
          description: 'How many there are on the machine.',
          unit: 'short',
          queries: [
            query('system_processes{}', '{{instance}} processes'),
            query('system_threads{}', '{{instance}} threads'),
          ],
        },
      ],
    },
  ],
};
