import type { LabelMatchers } from '../query/label-matchers.js';
import type { MetricsHistory } from '../query/metrics-history.js';
import { NODEJS_METRICS, PROCESS_METRICS } from '../metrics/metric-names.js';
import type { DashboardSources } from './dashboard-sources.js';
import { rounded } from './rounding.js';
import type { Unit } from './views/panel.js';
import type { TimeRange } from './views/time-range.js';

/** A key figure of the process. */
export interface ProcessFigure {
  readonly title: string;
  readonly value: number | string;
  readonly unit?: Unit;
  readonly state: 'ok' | 'warning' | 'critical';
  /** Explanation, such as a limit. */
  readonly note?: string;
  /** Tab of the area with the details. */
  readonly tab: string;
}

type State = ProcessFigure['state'];

/** Limits of a figure: from the first on a warning, from the second on critical. */
type Limits = readonly [warning: number, critical: number];

const LAG_S: Limits = [0.1, 0.5];
const HEAP: Limits = [0.8, 0.95];
const GC: Limits = [0.1, 0.3];
const BUSY: Limits = [0.8, 0.95];
const RANK: Readonly<Record<State, number>> = { critical: 0, warning: 1, ok: 2 };

/** Returns the key figures of the process over a range, the worst first, then the most important first. */
export function processSummary(
  {
    history,
    blocks,
    lastExit,
    memory,
    logLevels,
    instance,
  }: Pick<DashboardSources, 'history' | 'blocks' | 'lastExit' | 'memory' | 'logLevels' | 'instance'>,
  { rangeMs, until }: TimeRange,
  now: number,
): { figures: ProcessFigure[] } {
  const last = (metric: string, labels: LabelMatchers = {}): number | undefined =>
    history.last(metric, { labels, groupBy: [] })[0]?.value;
  const end = until ?? now;
  const figures = [
    ...blockFigure(blocks.find(), end - rangeMs, end),
    ...figure(
      'Event loop lag, p99',
      last('nodejs_eventloop_lag_p99_seconds'),
      'seconds',
      LAG_S,
      'event-loop',
    ),
    ...figure('Event loop busy', last(NODEJS_METRICS.eventLoopUtilization), 'ratio', BUSY, 'event-loop'),
    ...heapFigure(last(NODEJS_METRICS.heapUsed), last('nodejs_heap_size_limit_bytes')),
    ...figure(
      'Garbage collection',
      gcShare(history),
      'ratio',
      GC,
      'memory',
      'of the time of the last minute',
    ),
    ...figure('Resident memory', last(PROCESS_METRICS.residentMemory), 'bytes', undefined, 'memory'),
    ...growthFigure(memory.report()),
    ...figure('CPU', cpuShare(history), 'percent', undefined, 'runtime', 'of one core, in the last minute'),
    ...exitFigure(lastExit),
    ...levelFigure(logLevels.read()),
    {
      title: 'Running for',
      value: Math.max(0, Math.round((now - instance.startedAt) / 1_000)),
      unit: 'seconds',
      state: 'ok',
      note: `Process ${instance.pid} on ${instance.host}`,
      tab: 'process',
    } as const,
  ];
  return { figures: figures.toSorted((a, b) => RANK[a.state] - RANK[b.state]) };
}

function figure(
  title: string,
  value: number | undefined,
  unit: Unit,
  limits: Limits | undefined,
  tab: string,
  note?: string,
): ProcessFigure[] {
  if (value === undefined || !Number.isFinite(value)) return [];
  const state = limits === undefined ? 'ok' : stateOf(value, limits);
  return [{ title, value: rounded(value), unit, state, tab, ...(note !== undefined && { note }) }];
}

function stateOf(value: number, [warning, critical]: Limits): State {
  if (value >= critical) return 'critical';
  return value >= warning ? 'warning' : 'ok';
}

function blockFigure(found: readonly unknown[], since: number, until: number): ProcessFigure[] {
  const blocks = (
    found as readonly { readonly startedAt: number; readonly durationMs: number; readonly culprit: string }[]
  ).filter(({ startedAt }) => startedAt >= since && startedAt <= until);
  if (blocks.length === 0) {
    return [{ title: 'Event loop blocks', value: 0, state: 'ok', tab: 'event-loop', note: 'in this range' }];
  }
  const longest = blocks.reduce((a, b) => (b.durationMs > a.durationMs ? b : a));
  return [
    {
      title: 'Event loop blocks',
      value: blocks.length,
      state: 'warning',
      tab: 'event-loop',
      note: `the longest ${Math.round(longest.durationMs)} ms: ${longest.culprit}`,
    },
  ];
}

function heapFigure(used: number | undefined, limit: number | undefined): ProcessFigure[] {
  if (used === undefined || !limit) return figure('Heap used', used, 'bytes', undefined, 'memory');
  const mebibytes = `${Math.round(limit / 2 ** 20)} MiB`;
  return figure('Heap used', used / limit, 'ratio', HEAP, 'memory', `of its limit of ${mebibytes}`);
}

/** The window of shares of time, in milliseconds. */
const MINUTE_MS = 60_000;

function gcShare(history: MetricsHistory): number | undefined {
  return history.rate(NODEJS_METRICS.gcDuration, MINUTE_MS, { groupBy: [], part: 'sum' })[0]?.value;
}

function cpuShare(history: MetricsHistory): number | undefined {
  const cores = history.rate(PROCESS_METRICS.cpu, MINUTE_MS, { groupBy: [] })[0]?.value;
  return cores === undefined ? undefined : cores * 100;
}

function growthFigure(report: unknown): ProcessFigure[] {
  const { status, cause } = report as { readonly status?: string; readonly cause?: string };
  if (status !== 'growing' && status !== 'suspected') return [];
  return [
    {
      title: 'Memory growth',
      value: status === 'suspected' ? 'leak suspected' : status,
      state: status === 'suspected' ? 'critical' : 'warning',
      tab: 'memory',
      ...(cause !== undefined && { note: cause }),
    },
  ];
}

function exitFigure(lastExit: DashboardSources['lastExit']): ProcessFigure[] {
  if (!lastExit.enabled) return [];
  const exit = lastExit.get() as
    { readonly isClean: boolean; readonly reason: string; readonly details: string } | undefined;
  if (exit === undefined) return [];
  return [
    {
      title: 'Last exit',
      value: exit.reason.replaceAll('_', ' '),
      state: exit.isClean ? 'ok' : 'warning',
      tab: 'last-exit',
      note: exit.details,
    },
  ];
}

function levelFigure(report: object): ProcessFigure[] {
  const { changes = [] } = report as { readonly changes?: readonly unknown[] };
  if (changes.length === 0) return [];
  return [{ title: 'Changed log levels', value: changes.length, state: 'ok', tab: 'log-levels' }];
}
