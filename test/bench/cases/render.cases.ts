import { monitorEventLoopDelay } from 'node:perf_hooks';
import { measureTasks, summary } from '../measure.js';
import type { Rendered } from '../peers/peer.js';
import { byPeer, type Case, type Row } from './case.js';

const COUNTERS = [1_000, 10_000, 100_000];
const HISTOGRAMS = 10_000;

function renderCase(name: string, what: 'counters' | 'histograms', full: number): Case {
  return {
    name,
    async run(peers, effort): Promise<Row[]> {
      const series = Math.ceil(full / effort.divisor);
      const title = `${series.toLocaleString('en')} ${what}`;
      const rounds = Math.max(1, Math.round(effort.rounds / (full >= 100_000 ? 2 : 1)));
      const subjects = byPeer(peers, (peer) => peer[what](series));
      const render = byPeer(
        peers,
        ({ name: peer }) =>
          () =>
            subjects[peer]!.render(),
      );
      // The first scrape of all: nothing is cached, nothing is compiled.
      const cold = await measureTasks(render, 1);
      const warm = await measureTasks(render, rounds);
      const touched = await measureTasks(render, rounds, (peer) =>
        subjects[peer]!.touch(Math.ceil(series / 100)),
      );
      return [
        { title: `render ${title}, first scrape`, unit: 'ms', results: cold },
        { title: `render ${title}, again`, unit: 'ms', results: warm },
        { title: `render ${title}, 1 % changed`, unit: 'ms', results: touched },
      ];
    },
  };
}

/** How long nothing else could run while all series were rendered. */
const blockCase: Case = {
  name: 'render-block',
  async run(peers, effort) {
    const series = Math.ceil(100_000 / effort.divisor);
    const results = byPeer(peers, () => [] as number[]);
    for (const peer of peers) {
      const rendered = peer.counters(series);
      await rendered.render();
      for (let round = 0; round < effort.rounds; round++)
        results[peer.name]!.push(await longestBlockMs(rendered));
    }
    return [
      {
        title: `longest event-loop block while rendering ${series.toLocaleString('en')} counters`,
        unit: 'ms',
        results: Object.fromEntries(Object.entries(results).map(([name, values]) => [name, summary(values)])),
      },
    ];
  },
};

async function longestBlockMs(rendered: Rendered): Promise<number> {
  const delays = monitorEventLoopDelay({ resolution: 1 });
  delays.enable();
  await new Promise((resolve) => setTimeout(resolve, 20));
  delays.reset();
  // The first sample after a reset is not counted.
  await new Promise((resolve) => setTimeout(resolve, 20));
  await rendered.render();
  await new Promise((resolve) => setTimeout(resolve, 20));
  delays.disable();
  return delays.max / 1e6;
}

export const renderCases: readonly Case[] = [
  ...COUNTERS.map((series) => renderCase(`render-counters-${series}`, 'counters', series)),
  renderCase(`render-histograms-${HISTOGRAMS}`, 'histograms', HISTOGRAMS),
  blockCase,
];
