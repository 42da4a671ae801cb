import { HTTP_METRICS } from '../../metrics/metric-names.js';
import { VITAL_NAMES, type VitalName, VITALS } from '../../query/vital-definitions.js';
import type { NowData } from '../now/now-data.js';
import { impactRows, readTraffic } from '../now/traffic.js';
import type { Verdict } from '../now/verdict.js';
import type { VerdictCause } from '../now/verdict-facts.js';
import { rounded } from '../rounding.js';
import type { TimeRange } from '../views/time-range.js';
import type { Threshold } from '../views/view-data.js';
import { readFailures } from './fleet-failures.js';
import type { FleetHistory } from './fleet-history.js';
import type { FleetReport } from './fleet-report.js';
import { fleetVerdictOf } from './fleet-verdict.js';

/** A vital over all instances, or of one. */
export interface FleetVital {
  readonly name: VitalName;
  readonly value: number;
  readonly state: 'ok' | 'warning' | 'critical';
}

/** The area Now over all instances, or about one. */
export interface FleetNow extends NowData {
  readonly verdict: Verdict;
  readonly vitals: readonly FleetVital[];
}

/** The sources of the area Now beside Prometheus. */
export interface FleetNowSources {
  readonly report: Pick<FleetReport, 'instances' | 'outliers' | 'routes' | 'versions'>;
  /** Name of the one instance that it is about; undefined for all. */
  readonly instance: string | undefined;
  /** The causes and changes that this process knows. */
  readonly causes: readonly VerdictCause[];
  readonly ofProcess: Pick<NowData, 'changes' | 'changeWindowMs'>;
  readonly thresholdsOf: (vital: VitalName) => readonly Threshold[];
}

/** The window of the verdict, in milliseconds. */
const WINDOW_MS = 300_000;
const MAX_ROUTES = 10;

type Steps<T> = Generator<void, T, void>;

/** Reads the area Now over all instances, or about one. Yields after each small step. */
export function* readFleetNow(
  history: FleetHistory,
  { rangeMs, until = history.lastSample }: TimeRange,
  { report, instance, causes, ofProcess, thresholdsOf }: FleetNowSources,
): Steps<FleetNow> {
  const shown = yield* readTraffic(history, rangeMs, until);
  const recent = yield* readTraffic(history, WINDOW_MS, until);
  const [p95] = yield* history.queryRange(HTTP_METRICS.duration, { quantiles: [0.95] }, WINDOW_MS, [until]);
  const isShown = ({ name }: { readonly name: string }) => instance === undefined || name === instance;
  const { failing, alsoFailing } = yield* readFailures(history, recent, until);
  const verdict = fleetVerdictOf({
    ...report,
    instances: report.instances.filter(isShown),
    traffic: recent,
    failing,
    alsoFailing,
    causes,
    p95: p95?.values[0],
  });
  return {
    windowMs: shown.windowMs,
    routes: impactRows(shown, MAX_ROUTES),
    omittedRoutes: Math.max(0, shown.routes.length - MAX_ROUTES),
    changeWindowMs: ofProcess.changeWindowMs,
    changes: ofProcess.changes,
    verdict,
    vitals: yield* vitalsOf(history, until, thresholdsOf),
  };
}

function* vitalsOf(
  history: FleetHistory,
  at: number,
  thresholdsOf: FleetNowSources['thresholdsOf'],
): Steps<FleetVital[]> {
  const vitals: FleetVital[] = [];
  for (const name of VITAL_NAMES) {
    const [series] = yield* history.expressionRange(VITALS[name], [at]);
    const value = series?.values[0];
    if (value === undefined || !Number.isFinite(value)) continue;
    vitals.push({ name, value: rounded(value), state: stateOf(value, thresholdsOf(name)) });
  }
  return vitals;
}

/** Returns the state of a value. Where the critical threshold is the lower one, low values are bad. */
function stateOf(value: number, thresholds: readonly Threshold[]): FleetVital['state'] {
  const valueOf = (wanted: string) => thresholds.find(({ severity }) => severity === wanted)?.value;
  const [warning = Infinity, critical = Infinity] = [valueOf('warning'), valueOf('critical')];
  const isBeyond = (limit: number) => (critical < warning ? value < limit : value > limit);
  if (isBeyond(critical)) return 'critical';
  return isBeyond(warning) ? 'warning' : 'ok';
}
