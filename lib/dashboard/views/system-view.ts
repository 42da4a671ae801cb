import { by, panel, value, type View } from './panel.js';
import { SYSTEM_METRICS } from '../../metrics/metric-names.js';

/** The machine or container. */
export const SYSTEM: View = {
  name: 'system',
  title: 'System',
  empty: 'System collectors are disabled (collectors.system: false).',
  panels: [
    panel('CPU usage', 'percent', [value(SYSTEM_METRICS.cpu, 'used')], { threshold: 'cpu_percent' }),
    panel('Memory usage', 'percent', [value(SYSTEM_METRICS.memory, 'used')], {
      threshold: 'memory_percent',
    }),
    panel('Disk usage', 'percent', [value(SYSTEM_METRICS.disk, by('mount'))], {
      threshold: 'disk_percent',
    }),
    panel('Network I/O', 'bytes per second', [
      value(SYSTEM_METRICS.networkReceive, 'received'),
      value(SYSTEM_METRICS.networkTransmit, 'sent'),
    ]),
    panel('Disk I/O', 'bytes per second', [
      value(SYSTEM_METRICS.diskRead, 'read'),
      value(SYSTEM_METRICS.diskWrite, 'written'),
    ]),
    panel('Processes and threads', 'number', [
      value(SYSTEM_METRICS.processes, 'processes'),
      value(SYSTEM_METRICS.threads, 'threads'),
    ]),
  ],
};
