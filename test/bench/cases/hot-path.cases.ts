import { type Goal, timesFaster } from '../goal.js';
import { measureLoops } from '../measure.js';
import type { LabelSet, Loop, Peer } from '../peers/peer.js';
import { byPeer, type Case } from './case.js';

const LABEL_NAMES = ['route', 'method', 'status_code', 'region', 'version', 'tenant', 'stage', 'tier'];

/** 64 label sets of so many labels, as a service of 16 routes has them. */
function labelSets(labels: number): LabelSet[] {
  const names = LABEL_NAMES.slice(0, labels);
  return Array.from({ length: 64 }, (_, i) => {
    const values = labelValues(i);
    return Object.fromEntries(names.map((name, at) => [name, values[at]!]));
  });
}

function labelValues(i: number): string[] {
  const method = ['GET', 'POST'][i % 2]!;
  const status = ['200', '404', '500', '503'][Math.floor(i / 16)]!;
  return [
    `/api/resource${i % 16}/:id`,
    method,
    status,
    'eu-west-1',
    'v2',
    `tenant-${i % 4}`,
    'production',
    'web',
  ];
}

function loopCase(name: string, title: string, make: (peer: Peer) => Loop | undefined, goal?: Goal): Case {
  return {
    name,
    run: async (peers, effort) => [
      { title, unit: 'ns', results: measureLoops(byPeer(peers, make), effort), goal },
    ],
  };
}

export const hotPathCases: readonly Case[] = [
  loopCase('inc-bound', 'counter: bound inc()', (peer) => peer.boundInc?.(), timesFaster(100)),
  ...[1, 3, 8].map((n) =>
    loopCase(
      `inc-${n}`,
      `counter: inc({${n} label${n > 1 ? 's' : ''}})`,
      (peer) => peer.inc(labelSets(n)),
      n === 3 ? timesFaster(8) : undefined,
    ),
  ),
  loopCase('set-bound', 'gauge: bound set(v)', (peer) => peer.boundSet?.()),
  ...[1, 3, 8].map((n) =>
    loopCase(`set-${n}`, `gauge: set({${n} label${n > 1 ? 's' : ''}}, v)`, (peer) => peer.set(labelSets(n))),
  ),
  loopCase('observe-bound', 'histogram: bound observe(v)', (peer) => peer.boundObserve?.(), timesFaster(25)),
  ...[1, 3, 8].map((n) =>
    loopCase(
      `observe-${n}`,
      `histogram: observe({${n} label${n > 1 ? 's' : ''}}, v)`,
      (peer) => peer.observe(labelSets(n)),
      n === 3 ? timesFaster(8) : undefined,
    ),
  ),
  loopCase(
    'first-touch',
    'counter: first touch of a series, 3 labels',
    (peer) => peer.firstTouch(),
    timesFaster(3),
  ),
];
