import type { AlertRule, LabelMatchers } from 'nestjs-monitoring';
import type { AlertAggregation, AlertCondition, AlertComparison } from 'nestjs-monitoring/alerting';
import type { RuleCase } from '../../alerting/rule-cases.js';

/** Random numbers that are the same for the same seed. */
class Dice {
  constructor(private state: number) {}

  next(): number {
    this.state = (this.state + 0x9e3779b9) | 0;
    let mixed = this.state ^ (this.state >>> 16);
    mixed = Math.imul(mixed, 0x21f0aaad);
    mixed ^= mixed >>> 15;
    mixed = Math.imul(mixed, 0x735a2d97);
    return ((mixed ^ (mixed >>> 15)) >>> 0) / 2 ** 32;
  }

  below(count: number): number {
    return Math.floor(this.next() * count);
  }

  pick<T>(from: readonly T[]): T {
    return from[this.below(from.length)]!;
  }

  chance(share: number): boolean {
    return this.next() < share;
  }
}

const STEPS = 24;
/** Odd for regular expressions, templates and objects. */
const CODES = ['200', '404', '500', '503'];
const ROUTES = ['/', '/a.b', 'é😀', 'constructor', 'a b'];
const BOUNDS = ['0.1', '0.5', '1', '+Inf'];

/** The shape of an application: some counters, gauges and a histogram, with births, gaps, resets and ends. */
export function generatedCase(seed: number, rules: number): RuleCase {
  const dice = new Dice(seed);
  const intervalMs = dice.pick([1_000, 5_000, 10_000, 15_000, 60_000]);
  const series: Record<string, string> = {};
  const routes = ROUTES.slice(0, 1 + dice.below(ROUTES.length));
  for (const route of routes) {
    const of = `route=${JSON.stringify(route)}`;
    for (const code of CODES.slice(0, 1 + dice.below(CODES.length))) {
      series[`hits_total{${of},code="${code}"}`] = written(dice, counter(dice));
    }
    if (dice.chance(0.8)) series[`depth{${of}}`] = written(dice, gauge(dice));
    if (dice.chance(0.6)) addHistogram(dice, series, of);
  }
  // What has no labels goes with everything.
  series['load'] = written(dice, gauge(dice));
  return {
    series,
    intervalMs,
    steps: STEPS,
    rules: Array.from({ length: rules }, (_, i) => generatedRule(dice, i, intervalMs)),
  };
}

function generatedRule(dice: Dice, index: number, intervalMs: number): AlertRule {
  const times = [0, 0, 1, intervalMs - 1, intervalMs, 3 * intervalMs, 3 * intervalMs + 1];
  const groupBy = dice.pick<readonly string[] | undefined>([
    undefined,
    undefined,
    [],
    ['route'],
    ['code'],
    ['route', 'code'],
  ]);
  return {
    name: `rule_${index}`,
    severity: dice.pick(['critical', 'warning', 'info']),
    message: 'at {{ value | printf "%.3f" }}',
    forMs: dice.pick(times),
    keepFiringForMs: dice.pick(times),
    noData: dice.pick(['ok', 'ok', 'ok', 'alert']),
    labels: dice.pick(groupBy === undefined ? [...WORDS, ...valueLabels(dice)] : WORDS),
    condition: generatedCondition(dice, intervalMs, groupBy),
  };
}

const WORDS: readonly Record<string, string>[] = [
  {},
  { where: 'in {{ labels.route }}{{ labels.constructor }}' },
];

/** A value in a label shows how it is computed to the last bit, and how it is written. */
function valueLabels(dice: Dice): readonly Record<string, string>[] {
  return [{ at: '{{ value }}' }, { at: `v{{ value | printf "%.${dice.below(4)}f" }}` }];
}

function generatedCondition(
  dice: Dice,
  intervalMs: number,
  groupBy: readonly string[] | undefined,
): AlertCondition {
  const one = (by = groupBy): AlertComparison => comparison(dice, intervalMs, by);
  const roll = dice.next();
  if (roll < 0.12) return { all: [one(), one()] };
  if (roll < 0.22) return { any: [one(), one(), one()] };
  if (groupBy === undefined || roll > 0.45) return one();
  // In either order.
  const labelled = one(['route']);
  if (roll < 0.35) return { all: dice.chance(0.5) ? [one([]), labelled] : [labelled, one([])] };
  return { all: [{ any: [one(['route']), one(['route'])] }, one([]), labelled] };
}

function comparison(dice: Dice, intervalMs: number, groupBy: readonly string[] | undefined): AlertComparison {
  const measured = measurement(dice, intervalMs, groupBy);
  const divides = groupBy !== undefined && dice.chance(0.2);
  return {
    ...measured,
    ...(divides && { dividedBy: measurement(dice, intervalMs, groupBy) }),
    operator: dice.pick(['>', '>=', '<', '<=', '==', '!=']),
    threshold: threshold(dice, intervalMs, groupBy !== undefined),
  };
}

/**
 * Often exactly what a series comes to, so that the last bit decides. Not for what is made of several series: promtool
 * loads them in a random order, in which sums of fractions are rounded differently each time.
 */
function threshold(dice: Dice, intervalMs: number, isMerged: boolean): number {
  const whole = dice.below(40);
  if (isMerged) return whole + 0.000_37;
  const perSecond = whole / (intervalMs / 1_000);
  return dice.pick([whole, perSecond, whole / 10, whole / 7, whole + 0.25, -whole, 1e-7 * whole]);
}

function measurement(dice: Dice, intervalMs: number, groupBy: readonly string[] | undefined) {
  const windowMs = Math.round(dice.pick([1, 2, 2, 2.5, 3, 4, 7.3, 15]) * intervalMs);
  const [metric, aggregate] = dice.pick<readonly [string, AlertAggregation]>([
    ['hits_total', 'rate'],
    ['hits_total', 'rate'],
    ['hits_total', 'increase'],
    ['hits_total', 'last'],
    ['depth', 'last'],
    ['depth', 'avg'],
    ['depth', 'min'],
    ['depth', 'max'],
    ['depth', 'sum'],
    ['depth', 'delta'],
    ['load', 'last'],
    ['load', 'avg'],
    ['took_seconds', 'p50'],
    ['took_seconds', 'p99.9'],
    ['took_seconds', 'avg'],
    ['took_seconds', 'rate'],
    ['took_seconds', 'increase'],
  ]);
  return {
    metric,
    aggregate,
    labels: matchers(dice),
    ...(aggregate !== 'last' && { windowMs }),
    ...(groupBy !== undefined && { groupBy }),
  };
}

function matchers(dice: Dice): LabelMatchers {
  return dice.pick<LabelMatchers>([
    {},
    {},
    {},
    { code: /5../ },
    { code: { not: /5\d{2}/ } },
    { code: ['200', '503'] },
    { code: { not: '' } },
    { code: { not: ['404'] } },
    { route: /.{2}/ },
    { route: /\/(?:a\.b)?/ },
    { route: { not: /\w+/ } },
    { route: /[^a-z]+|a\sb/ },
    { route: /\p{L}+./u },
    { route: 'constructor' },
    { constructor: '' },
    { toString: { not: /.+/ } },
    { code: /(?:2|4)0\d|50[^1-3\D]/ },
  ]);
}

function gauge(dice: Dice): number[] {
  const scale = dice.pick([1, 10, 3]);
  return Array.from({ length: STEPS }, () => (dice.below(40) - 5) / scale);
}

function counter(dice: Dice): number[] {
  let value = dice.pick([0, 0, 3, 1_000]);
  // Often steady, as counters of few things are.
  const steady = dice.chance(0.5) ? dice.below(6) : undefined;
  return Array.from({ length: STEPS }, () => {
    if (dice.chance(0.05)) value = 0;
    return (value += steady ?? dice.below(9));
  });
}

/** Where a series is not seen: before its birth, in gaps, and after its end. */
function holesOf(dice: Dice): (string | undefined)[] {
  const birth = dice.chance(0.3) ? dice.below(STEPS) : 0;
  const isPatchy = dice.chance(0.3);
  return Array.from({ length: STEPS }, (_, step) => {
    if (step < birth) return '_';
    return isPatchy && dice.chance(0.2) ? dice.pick(['_', '_', 'stale']) : undefined;
  });
}

function written(dice: Dice, values: readonly number[], holes = holesOf(dice)): string {
  return values.map((value, step) => holes[step] ?? String(value)).join(' ');
}

function addHistogram(dice: Dice, series: Record<string, string>, of: string): void {
  const holes = holesOf(dice);
  const counts = BOUNDS.map(() => 0);
  const columns = BOUNDS.map((): number[] => []);
  const sums: number[] = [];
  let sum = 0;
  for (let step = 0; step < STEPS; step++) {
    if (dice.chance(0.04)) {
      counts.fill(0);
      sum = 0;
    }
    for (let left = dice.below(6); left > 0; left--) {
      const bucket = dice.below(BOUNDS.length);
      for (let i = bucket; i < BOUNDS.length; i++) counts[i]!++;
      sum += bucket / 4;
    }
    columns.forEach((column, i) => column.push(counts[i]!));
    sums.push(sum);
  }
  BOUNDS.forEach((le, i) => {
    series[`took_seconds_bucket{${of},le="${le}"}`] = written(dice, columns[i]!, holes);
  });
  series[`took_seconds_count{${of}}`] = written(dice, columns.at(-1)!, holes);
  series[`took_seconds_sum{${of}}`] = written(dice, sums, holes);
}
