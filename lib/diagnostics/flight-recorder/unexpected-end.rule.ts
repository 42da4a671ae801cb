import { PROCESS_METRICS } from '../../metrics/metric-names.js';
import type { ExitReason } from './last-exit.js';

/** The reasons for which a process ends that nobody wanted. */
const UNEXPECTED: readonly ExitReason[] = [
  'exit_code',
  'exception',
  'heap_limit',
  'oom_kill',
  'killed',
  'power_loss',
  'unknown',
];

/** The rule whose alert fires after a start whose predecessor ended in a way that nobody wanted. */
export const UNEXPECTED_END = {
  name: 'unexpected_end',
  severity: 'warning',
  message: 'The process before this one ended unexpectedly: {{ labels.reason }}',
  condition: {
    metric: PROCESS_METRICS.lastExit,
    labels: { reason: new RegExp(UNEXPECTED.join('|')) },
    operator: '>',
    threshold: 0,
    groupBy: ['reason'],
  },
} as const;
