import { monitorEventLoopDelay } from 'node:perf_hooks';
import { atMost, OURS, timesFaster } from '../goal.js';
import { type Measured, measureTasks, summary } from '../measure.js';
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
      const isLarge = full === 100_000;
      return [
        {
          title: `render ${title}, first scrape`,
          unit: 'ms',
          results: cold,
          goal: isLarge ? timesFaster(5) : undefined,
        },
        {
          title: `render ${title}, again`,
          unit: 'ms',
          results: warm,
          goal: isLarge ? timesFaster(20) : undefined,
        },
        { title: `render ${title}, 1 % changed`, unit: 'ms', results: touched },
      ];
    },
  };
}

/** Native histograms in protobuf beside the classic ones of the peers as text, all of the same values. */
function distributionCase(full: number, values: number, atLeast: number | undefined): Case {
  return {
    name: `render-native-histograms-${values}`,
    async run(peers, effort): Promise<Row[]> {
      const series = Math.ceil(full / effort.divisor);
      const subjects = byPeer(peers, (peer) => peer.distributions(series, values));
      const render = byPeer(
        peers,
        ({ name }) =>
          () =>
            subjects[name]!.render(),
      );
      // The first scrapes compile.
      await measureTasks(render, 3);
      const results = await measureTasks(render, effort.rounds, (peer) => subjects[peer]!.touch(series));
      const some = await measureTasks(render, effort.rounds, (peer) =>
        subjects[peer]!.touch(Math.ceil(series / 100)),
      );
      const counts = `${series.toLocaleString('en')} histograms of ${values.toLocaleString('en')}`;
      return [
        {
          title: `render ${counts} value${values > 1 ? 's' : ''}, ours native in protobuf`,
          unit: 'ms',
          results,
          goal: atLeast === undefined ? undefined : timesFaster(atLeast),
        },
        {
          title: `render ${counts} value${values > 1 ? 's' : ''}, ours native in protobuf, 1 % changed`,
          unit: 'ms',
          results: some,
          goal: timesFaster(10),
        },
      ];
    },
  };
}

/** How long nothing else could run while all series were rendered. */
function blockCase(full: number, limitMs: number): Case {
  return {
    name: `render-block-${full}`,
    async run(peers, effort) {
      const series = Math.ceil(full / effort.divisor);
      const results: Record<string, Measured> = {};
      for (const peer of peers) {
        // A million series of a peer need more memory than a machine may have.
        if (full > 100_000 && peer.name !== OURS) continue;
        const rendered = peer.counters(series);
        await rendered.render();
        const blocks: number[] = [];
        for (let round = 0; round < effort.rounds; round++) blocks.push(await longestBlockMs(rendered));
        results[peer.name] = summary(blocks);
      }
      return [
        {
          title: `longest event-loop block while rendering ${series.toLocaleString('en')} counters`,
          unit: 'ms',
          results,
          goal: atMost(limitMs),
        },
      ];
    },
  };
}

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
  distributionCase(HISTOGRAMS, 1, 10),
  // The more buckets have values, the more there are to send, where a peer has the same few.
  distributionCase(1_000, 1_000, undefined),
  blockCase(100_000, 5),
  blockCase(1_000_000, 10),
];
