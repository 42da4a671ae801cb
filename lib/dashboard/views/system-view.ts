import { by, panel, value, type View } from './panel.js';

/** The machine or container. */
export const SYSTEM: View = {
  name: 'system',
  title: 'System',
  empty: 'System collectors are disabled (collectors.system: false).',
  panels: [
    panel('CPU usage', 'percent', [value('system_cpu_percent', 'used')], { threshold: 'cpu_percent' }),
    panel('Memory usage', 'percent', [value('system_memory_percent', 'used')], {
      threshold: 'memory_percent',
    }),
    panel('Disk usage', 'percent', [value('system_disk_percent', by('mount'))], {
      threshold: 'disk_percent',
    }),
    panel('Network I/O', 'bytes per second', [
      value('system_network_receive_bytes_per_second', 'received'),
      value('system_network_transmit_bytes_per_second', 'sent'),
    ]),
    panel('Disk I/O', 'bytes per second', [
      value('system_disk_read_bytes_per_second', 'read'),
      value('system_disk_write_bytes_per_second', 'written'),
    ]),
    panel('Processes and threads', 'number', [
      value('system_processes', 'processes'),
      value('system_threads', 'threads'),
    ]),
  ],
};
