import type { AlertRule } from 'nestjs-monitoring';
import type { AlertAggregation, AlertCondition, AlertComparison } from 'nestjs-monitoring/alerting';

/** Rules, and series to try them on. */
export interface RuleCase {
  readonly rules: readonly AlertRule[];
  readonly series: Readonly<Record<string, string>>;
  readonly intervalMs: number;
  /** How many samples and evaluations there are. */
  readonly steps: number;
}

const MINUTE = 60_000;

function example(
  rule: object,
  series: Readonly<Record<string, string>>,
  steps = 40,
  intervalMs = 15_000,
): RuleCase {
  const severity = 'slo' in rule ? {} : { severity: 'warning' };
  const rules = [{ name: 'example', ...severity, ...rule } as AlertRule];
  return { rules, series, intervalMs, steps };
}

const temperature = { 'room_celsius{room="a"}': '10+1x20 29-1x20', 'room_celsius{room="b"}': '5x20 40x20' };
const above = { metric: 'room_celsius', operator: '>', threshold: 20 };
const requests = {
  'http_requests_total{route="/a",status_code="200"}': '0+30x40',
  'http_requests_total{route="/a",status_code="500"}': '_x10 0+5x30',
  'http_requests_total{route="/b",status_code="200"}': '100+15x10 3+15x30',
  'http_requests_total{route="/b",status_code="503"}': '1x10 1+20x10 201x20',
};
const durations = {
  'request_seconds_bucket{route="/a",le="0.1"}': '0+10x20 200+1x20',
  'request_seconds_bucket{route="/a",le="0.5"}': '0+12x20 240+2x20',
  'request_seconds_bucket{route="/a",le="1"}': '0+13x20 260+9x20',
  'request_seconds_bucket{route="/a",le="+Inf"}': '0+13x20 260+10x20',
  'request_seconds_count{route="/a"}': '0+13x20 260+10x20',
  'request_seconds_sum{route="/a"}': '0+2x20 40+8x20',
};
const vitalSeries = {
  ...requests,
  system_cpu_percent: '50+1x40',
  'http_request_duration_seconds_bucket{route="/a",le="+Inf"}': '0+10x40',
  'http_request_duration_seconds_count{route="/a"}': '0+10x40',
  'http_request_duration_seconds_sum{route="/a"}': '0+2x20 40+18x20',
};
const total = { metric: 'http_requests_total' };
const errors = { ...total, labels: { status_code: /5../ } };

/**
 * Rates whose last bit depends on the order of the operations: by the interval and the window in seconds, and the
 * increase between two samples. The rate is not `increase / interval`, but the next number above or below.
 */
export const ROUNDED_RATES: readonly (readonly [
  intervalS: number,
  windowS: number,
  increase: number,
  side: 'above' | 'below',
])[] = [
  [3, 6, 5, 'below'],
  [3, 18, 10, 'below'],
  [5, 10, 3, 'above'],
  [5, 20, 7, 'above'],
  [7, 14, 9, 'below'],
  [10, 40, 6, 'above'],
  [10, 50, 7, 'above'],
];

/** A counter with such a rate, and rules about both sides of `increase / interval`. */
export function roundedRate([intervalS, windowS, increase]: (typeof ROUNDED_RATES)[number]): RuleCase {
  const condition = { metric: 'hits_total', aggregate: 'rate', windowMs: windowS * 1_000 } as const;
  const threshold = increase / intervalS;
  return {
    rules: (
      [
        ['above', '>'],
        ['equal', '=='],
        ['below', '<'],
      ] as const
    ).map(([name, operator]) => ({
      name,
      severity: 'info',
      message: 'm',
      condition: { ...condition, operator, threshold },
    })),
    series: { hits_total: `1000+${increase}x20` },
    intervalMs: intervalS * 1_000,
    steps: 20,
  };
}

/** One of each kind. */
export const exampleCases: Readonly<Record<string, RuleCase>> = {
  ...Object.fromEntries(
    ROUNDED_RATES.map((rate) => [`rate_of_${rate.slice(0, 3).join('_')}`, roundedRate(rate)]),
  ),
  threshold: example({ condition: above }, temperature),
  for_a_while: example({ condition: above, forMs: MINUTE }, temperature),
  for_less_than_an_interval: example({ condition: above, forMs: 1_000 }, temperature),
  keeps_firing: example(
    { condition: above, forMs: 30_000, keepFiringForMs: MINUTE },
    { room_celsius: '1 30x4 1 1 30 1x8 30 1 30x3 1x10' },
  ),
  labels: example({ condition: above, labels: { team: 'ops', seat: '{{ labels.room }}1' } }, temperature),
  value_in_a_label: example({ condition: above, labels: { at: '{{ value }}' }, forMs: 15_000 }, temperature),
  matchers: example(
    {
      condition: {
        ...total,
        labels: { route: { not: '/c' }, status_code: /5../, none: '' },
        operator: '>',
        threshold: 10.5,
      },
    },
    requests,
  ),
  list_of_values: example(
    {
      condition: {
        ...total,
        labels: { status_code: ['500', '503'] },
        aggregate: 'increase',
        windowMs: MINUTE,
        operator: '>',
        threshold: 33.3,
      },
    },
    requests,
  ),
  rate_by_route: example(
    {
      condition: {
        ...errors,
        aggregate: 'rate',
        windowMs: 2 * MINUTE,
        groupBy: ['route'],
        operator: '>',
        threshold: 0.31,
      },
    },
    requests,
  ),
  share_of_errors: example(
    {
      condition: {
        ...errors,
        aggregate: 'rate',
        windowMs: MINUTE,
        groupBy: ['route'],
        dividedBy: { ...total, aggregate: 'rate', windowMs: MINUTE, groupBy: ['route'] },
        operator: '>',
        threshold: 0.11,
      },
      forMs: 45_000,
    },
    requests,
  ),
  all_of_them: example(
    {
      condition: {
        all: [
          {
            ...total,
            aggregate: 'rate',
            windowMs: MINUTE,
            groupBy: ['route'],
            operator: '>',
            threshold: 0.7,
          },
          {
            ...errors,
            aggregate: 'rate',
            windowMs: MINUTE,
            groupBy: ['route'],
            operator: '>',
            threshold: 0.4,
          },
          { ...total, aggregate: 'rate', windowMs: MINUTE, groupBy: [], operator: '>', threshold: 0.2 },
        ],
      },
    },
    requests,
  ),
  any_of_them: example(
    {
      condition: {
        any: [
          {
            ...errors,
            aggregate: 'rate',
            windowMs: MINUTE,
            groupBy: ['route'],
            operator: '>',
            threshold: 0.4,
          },
          {
            ...total,
            aggregate: 'rate',
            windowMs: MINUTE,
            groupBy: ['route'],
            operator: '<',
            threshold: 1.1,
          },
        ],
      },
    },
    requests,
  ),
  quantile: example(
    {
      condition: {
        metric: 'request_seconds',
        aggregate: 'p95',
        windowMs: MINUTE,
        operator: '>',
        threshold: 0.77,
      },
    },
    durations,
  ),
  quantile_by: example(
    {
      condition: {
        metric: 'request_seconds',
        aggregate: 'p99.9',
        windowMs: MINUTE,
        groupBy: ['route'],
        operator: '>=',
        threshold: 0.99,
      },
    },
    durations,
  ),
  average_of_a_histogram: example(
    {
      condition: {
        metric: 'request_seconds',
        aggregate: 'avg',
        windowMs: MINUTE,
        operator: '>',
        threshold: 0.4,
      },
    },
    durations,
  ),
  rate_of_a_histogram: example(
    {
      condition: {
        metric: 'request_seconds',
        aggregate: 'rate',
        windowMs: MINUTE,
        operator: '<',
        threshold: 0.8,
      },
    },
    durations,
  ),
  no_data: example(
    { condition: above, noData: 'alert', forMs: 15_000 },
    { 'room_celsius{room="a"}': '1x5 stale _x5 30x3 stale _x20' },
  ),
  no_data_of_a_group: example(
    {
      condition: {
        ...errors,
        aggregate: 'rate',
        windowMs: MINUTE,
        groupBy: ['route'],
        operator: '>',
        threshold: 100,
      },
      noData: 'alert',
    },
    { 'http_requests_total{route="/a",status_code="500"}': '_x5 1+1x10 stale _x20' },
  ),
  missed_samples: example({ condition: above }, { 'room_celsius{room="a"}': '30 _x30 30' }, 45),
  stale: example({ condition: above }, { 'room_celsius{room="a"}': '30x3 stale _x10 30x3' }, 25),
  service_level: example(
    {
      slo: {
        objective: 99,
        total,
        errors,
        burnRates: [
          { longMs: 4 * MINUTE, shortMs: MINUTE, factor: 14.4, severity: 'critical' },
          { longMs: 8 * MINUTE, shortMs: 2 * MINUTE, factor: 3, severity: 'warning' },
          { longMs: 6 * MINUTE, shortMs: 2 * MINUTE, factor: 6, severity: 'critical' },
        ],
      },
    },
    requests,
  ),
  service_level_of_latency: example(
    {
      slo: {
        objective: 90,
        latency: { metric: 'request_seconds', atMost: 0.5 },
        groupBy: ['route'],
        burnRates: [{ longMs: 4 * MINUTE, shortMs: MINUTE, factor: 2, severity: 'critical' }],
      },
    },
    durations,
  ),
  service_level_of_good_ones: example(
    {
      slo: {
        objective: 95.5,
        total,
        good: { ...total, labels: { status_code: { not: /5../ } } },
        burnRates: [{ longMs: 2 * MINUTE, shortMs: MINUTE, factor: 1, severity: 'info' }],
      },
    },
    requests,
  ),
  ...Object.fromEntries(
    (
      [
        ['cpu_percent', '>', 77.7],
        ['response_time_ms', '>', 300.5],
        ['error_rate_percent', '>', 20.3],
      ] as const
    ).map(([metric, operator, threshold]) => [
      metric,
      example({ condition: { metric, operator, threshold }, forMs: 30_000 }, vitalSeries),
    ]),
  ),
  odd_values: example(
    {
      condition: { metric: 'things', labels: { name: 'a"b\\c' }, operator: '!=', threshold: 1e-7 },
      labels: { odd: 'é "q" \\n {{ labels.name }}' },
    },
    { 'things{name="a\\"b\\\\c"}': '0.0000001 1 2 0.0000001 0.5' },
    8,
  ),
};

/** Numbers as random as the seed. */
class Dice {
  constructor(private state: number) {}

  next(): number {
    this.state = (this.state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.state ^ (this.state >>> 15), 1 | this.state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  integer(least: number, most: number): number {
    return least + Math.floor(this.next() * (most - least + 1));
  }

  pick<T>(from: readonly T[]): T {
    const index = this.integer(0, from.length - 1);
    return from.reduce((picked, one, i) => (i === index ? one : picked));
  }

  chance(share: number): boolean {
    return this.next() < share;
  }
}

const STEPS = 36;

export function randomCases(count: number, seed: number): RuleCase[] {
  const dice = new Dice(seed * 7919);
  return Array.from({ length: count }, () => randomCase(dice));
}

function randomCase(dice: Dice): RuleCase {
  const intervalMs = dice.pick([5_000, 15_000, 30_000, 60_000]);
  const series: Record<string, string> = {};
  for (const a of ['x', 'y', 'z'].slice(0, dice.integer(1, 3))) {
    for (const b of ['1', '2'].slice(0, dice.integer(1, 2))) {
      const labels = `a="${a}",b="${b}"`;
      series[`load{${labels}}`] = written(dice, gauge(dice));
      series[`jobs_total{${labels}}`] = written(dice, counter(dice, 9));
      if (dice.chance(0.5)) addHistogram(dice, series, labels);
    }
  }
  const rules = Array.from({ length: dice.integer(1, 3) }, (_, i) => randomRule(dice, i, intervalMs));
  return { rules, series, intervalMs, steps: STEPS };
}

function randomRule(dice: Dice, index: number, intervalMs: number): AlertRule {
  const times = [0, 0, 1, intervalMs - 1, intervalMs, 2 * intervalMs, 5 * intervalMs + 1];
  return {
    name: `rule_${index}`,
    severity: dice.pick(['critical', 'warning', 'info']),
    message: 'a={{ labels.a }} at {{ value }}',
    forMs: dice.pick(times),
    keepFiringForMs: dice.pick(times),
    noData: dice.pick(['ok', 'ok', 'alert']),
    // Never empty: in ALERTS alone, Prometheus 2 shows the template of such a label instead.
    ...(dice.chance(0.3) && { labels: { team: 'ops', where: 'at_{{ labels.a }}' } }),
    condition: randomCondition(dice, intervalMs),
  };
}

function randomCondition(dice: Dice, intervalMs: number): AlertCondition {
  const groupBy = dice.pick([undefined, [], ['a'], ['a', 'b'], ['nothing']]);
  const one = (): AlertComparison => randomComparison(dice, intervalMs, groupBy);
  if (dice.chance(0.15)) return { all: [one(), one()] };
  if (dice.chance(0.15)) return { any: [one(), one(), one()] };
  return one();
}

function randomComparison(
  dice: Dice,
  intervalMs: number,
  groupBy: readonly string[] | undefined,
): AlertComparison {
  const windowMs = Math.round(dice.pick([1, 2, 2.5, 3, 5, 8, 20]) * intervalMs);
  const labels = dice.pick([
    {},
    {},
    { a: 'x' },
    { a: ['x', 'y'] },
    { a: { not: 'x' } },
    { b: /[12]/, a: /x|z/ },
    { b: { not: /1/ } },
  ]);
  const [metric, aggregate, most] = dice.pick<readonly [string, AlertAggregation, number]>([
    ['load', 'last', 100],
    ['load', 'avg', 80],
    ['load', 'min', 60],
    ['load', 'max', 100],
    ['load', 'sum', 500],
    ['load', 'delta', 60],
    ['jobs_total', 'last', 250],
    ['jobs_total', 'rate', 10_000 / intervalMs],
    ['jobs_total', 'increase', (9 * windowMs) / intervalMs],
    ['work_seconds', 'p50', 0.5],
    ['work_seconds', 'p95', 1],
    ['work_seconds', 'avg', 0.6],
    ['work_seconds', 'rate', 10_000 / intervalMs],
    ['work_seconds', 'increase', (9 * windowMs) / intervalMs],
  ]);
  return {
    metric,
    aggregate,
    labels,
    ...(aggregate !== 'last' && { windowMs }),
    ...(groupBy !== undefined && { groupBy }),
    operator: dice.pick(['>', '>=', '<', '<=', '!=']),
    // So odd that a rounding error of either side decides nothing.
    threshold: Number((dice.next() * most).toFixed(4)) + 0.000_037,
  };
}

function gauge(dice: Dice): number[] {
  return Array.from({ length: STEPS }, () => dice.integer(0, 10_000) / 100);
}

function counter(dice: Dice, most: number): number[] {
  let value = dice.chance(0.5) ? 0 : dice.integer(0, 500);
  return Array.from({ length: STEPS }, () => {
    if (dice.chance(0.04)) value = dice.integer(0, 3);
    return (value += dice.integer(0, most));
  });
}

/** With gaps and ends, the same in all series of one histogram. */
function gaps(dice: Dice): (string | undefined)[] {
  const isPatchy = dice.chance(0.4);
  return Array.from({ length: STEPS }, () => {
    if (!isPatchy || dice.chance(0.85)) return undefined;
    return dice.chance(0.3) ? 'stale' : '_';
  });
}

function written(dice: Dice, values: readonly number[], holes = gaps(dice)): string {
  return values.map((value, i) => holes[i] ?? String(value)).join(' ');
}

function addHistogram(dice: Dice, series: Record<string, string>, labels: string): void {
  const holes = gaps(dice);
  const bounds = ['0.1', '0.25', '0.5', '1', '+Inf'];
  const counts = bounds.map(() => 0);
  let sum = 0;
  const columns = bounds.map((): number[] => []);
  const sums: number[] = [];
  for (let step = 0; step < STEPS; step++) {
    if (dice.chance(0.03)) {
      counts.fill(0);
      sum = 0;
    }
    for (let left = dice.integer(0, 9); left > 0; left--) {
      const bucket = dice.integer(0, bounds.length - 1);
      for (let i = bucket; i < bounds.length; i++) counts[i] = (counts[i] ?? 0) + 1;
      sum += bucket / 3;
    }
    counts.forEach((count, i) => columns[i]?.push(count));
    sums.push(Math.round(sum * 1000) / 1000);
  }
  bounds.forEach((le, i) => {
    series[`work_seconds_bucket{${labels},le="${le}"}`] = written(dice, columns[i] ?? [], holes);
  });
  series[`work_seconds_count{${labels}}`] = written(dice, columns.at(-1)!, holes);
  series[`work_seconds_sum{${labels}}`] = written(dice, sums, holes);
}
