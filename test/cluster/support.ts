import * as fc from 'fast-check';
import type { MetricFamily } from 'nestjs-monitoring';
import { MetricsRegistry } from '../../lib/metrics/registry.js';
import type { Contribution } from '../../lib/cluster/worker-contribution.js';
import { testRegistry } from '../metrics/support.js';

/** One thing that an application does to a metric. */
export type Action = (registry: MetricsRegistry) => void;

const BOUNDS = [-1, 0, 0.5, 2, 100];
const value = fc.double({ min: -1e3, max: 1e6, noNaN: true }).map((given) => Math.round(given * 8) / 8 + 0);
const label = fc.constantFrom('a', 'b', '', '"\\\n', '__proto__', 'é');

/** Actions of every kind that can be added up, whose sums are exact. */
export const countingAction: fc.Arbitrary<Action> = fc.oneof(
  fc
    .record({ name: fc.constantFrom('a_total', 'b_total'), x: label, y: label, by: value.map(Math.abs) })
    .map(({ name, x, y, by }): Action => {
      return (registry) => registry.counter(name, 'Help.', { labelNames: ['x', 'y'] }).inc({ x, y }, by);
    }),
  fc.record({ x: label, of: value }).map(({ x, of }): Action => {
    const options = { labelNames: ['x'], buckets: BOUNDS } as const;
    return (registry) => registry.histogram('sizes', 'Help.', options).observe({ x }, of);
  }),
  fc.record({ of: value }).map(({ of }): Action => {
    return (registry) => registry.histogram('plain', 'Help.', { buckets: BOUNDS }).observe(of);
  }),
  fc.record({ x: label, by: value }).map(({ x, by }): Action => {
    return (registry) => registry.gauge('users', 'Help.', { labelNames: ['x'] }).inc({ x }, by);
  }),
);

/** What registries contribute, all of them current, each a process of its own. */
export function contributionsOf(
  workers: readonly MetricsRegistry[],
  isCurrent: (index: number) => boolean = () => true,
): Contribution[] {
  return workers.map((registry, index) => ({
    worker: { index, pid: 100 + index },
    families: registry.snapshot({ exponential: true }).families,
    isCurrent: isCurrent(index),
  }));
}

/** Registries with the same options. */
export function registries(count: 1): [MetricsRegistry];
export function registries(count: 2): [MetricsRegistry, MetricsRegistry];
export function registries(count: 3): [MetricsRegistry, MetricsRegistry, MetricsRegistry];
export function registries(count: number): MetricsRegistry[];
export function registries(count: number): MetricsRegistry[] {
  return Array.from({ length: count }, () => testRegistry().registry);
}

/** Returns an element of a list that has it. */
export function nth<T>(list: readonly T[], index: number): T {
  const element = list[index];
  if (element === undefined)
    throw new RangeError(`expected an element ${index}, got ${list.length} elements`);
  return element;
}

/** A family as what its reader sees, in an order that does not depend on who came first. */
export function seen(families: readonly MetricFamily[]): unknown {
  return families
    .map(({ name, help, type, labelNames, series }) => ({
      name,
      help,
      type,
      labelNames,
      series: [...series].toSorted((a, b) => JSON.stringify(a).localeCompare(JSON.stringify(b))),
    }))
    .filter(({ series }) => series.length > 0)
    .toSorted((a, b) => a.name.localeCompare(b.name));
}
