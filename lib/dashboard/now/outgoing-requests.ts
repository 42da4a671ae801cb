import { OUTGOING_HTTP_METRICS } from '../../metrics/metric-names.js';
import type { LabelMatchers } from '../../query/label-matchers.js';
import type { MetricsHistory } from '../../query/metrics-history.js';
import { CRITICAL_PERCENT } from '../dependencies/dependency-kinds.js';
import { finiteOrZero } from '../rounding.js';
import { quietMsOf } from './traffic.js';
import type { PartState } from './verdict-facts.js';
import { percent, shortened } from './verdict-text.js';

const NAME = 'outgoing HTTP';
/** The least number of failures of a host that are worth a word: one of a few is what retries are for. */
const MIN_FAILURES = 3;
/** The longest name of a host in a sentence, in UTF-16 code units. */
const MAX_HOST = 60;
/** The host of the requests beyond `maxHosts`. */
const FURTHER_HOSTS = 'other';
/** The outgoing requests that failed, or that nobody answered. */
const FAILED: LabelMatchers = { status_code: /5..|error/ };

/**
 * Reads whether the outgoing requests are normal: they are unless most of those to a host fail. Nothing without any.
 *
 * @param rangeMs the window, in milliseconds
 */
export function* outgoingRequests(
  history: Pick<MetricsHistory, 'lastSample' | 'intervalMs' | 'coveredMs' | 'queryRange'>,
  rangeMs: number,
): Generator<void, PartState[], void> {
  const { requests } = OUTGOING_HTTP_METRICS;
  const { lastSample } = history;
  const windowMs = history.coveredMs(requests, rangeMs);
  if (lastSample === undefined || windowMs === 0) return [];
  const countsIn = function* (ms: number, labels: LabelMatchers = {}) {
    const found = yield* history.queryRange(requests, 'increase', ms, [lastSample], {
      labels,
      groupBy: ['host'],
    });
    return new Map(found.map(({ labels: { host = '' }, values }) => [host, finiteOrZero(values[0])]));
  };
  // Without a name are those beyond the limit of series.
  const calls = [...(yield* countsIn(windowMs))].filter(([host, count]) => host !== '' && count > 0);
  if (calls.length === 0) return [];
  const failed = yield* countsIn(windowMs, FAILED);
  const recent = yield* countsIn(Math.min(windowMs, quietMsOf(history.intervalMs)), FAILED);
  const [worst, ...others] = calls
    .map(([host, count]) => ({ host, count, failures: failed.get(host) ?? 0, isOver: !recent.get(host) }))
    .filter(
      ({ failures, count }) =>
        Math.round(failures) >= MIN_FAILURES && 100 * failures >= CRITICAL_PERCENT * count,
    )
    .toSorted((a, b) => Number(a.isOver) - Number(b.isOver) || b.failures - a.failures);
  if (worst === undefined) return [{ name: NAME, problem: undefined }];
  const share = percent(Math.min(1, worst.failures / worst.count));
  const host = worst.host === FURTHER_HOSTS ? 'other hosts' : shortened(worst.host, MAX_HOST);
  const more = others.filter(({ isOver }) => !isOver).length;
  return [
    {
      name: NAME,
      problem: [
        `${share} of the outgoing requests to ${host} ${worst.isOver ? 'failed' : 'fail'}`,
        more === 0 ? '' : `; ${more} more ${more === 1 ? 'host fails' : 'hosts fail'}`,
      ].join(''),
    },
  ];
}
