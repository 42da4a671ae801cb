import { atMost } from '../goal.js';
import { summary } from '../measure.js';
import type { Rendered } from '../peers/peer.js';
import type { Case, Row } from './case.js';

/** Bytes that are held on the heap and in array buffers, once all garbage is gone. */
async function bytesInUse(): Promise<number> {
  for (let i = 0; i < 3; i++) {
    globalThis.gc?.();
    await new Promise((resolve) => setImmediate(resolve));
  }
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

/** Each peer is measured on its own, one after the other, in one process: nothing here depends on time. */
function memoryCase(name: string, what: 'counters' | 'histograms', full: number): Case {
  return {
    name,
    async run(peers, effort): Promise<Row[]> {
      const series = Math.ceil(full / effort.divisor);
      const fresh: Record<string, number> = {};
      const scraped: Record<string, number> = {};
      // What one peer holds stays, so that its release is not taken for the thrift of the next.
      const held: Rendered[] = [];
      for (const peer of peers) {
        // Whatever a library makes once, it makes here.
        await peer[what](10).render();
        const before = await bytesInUse();
        const rendered = peer[what](series);
        held.push(rendered);
        fresh[peer.name] = ((await bytesInUse()) - before) / series;
        await rendered.render();
        scraped[peer.name] = ((await bytesInUse()) - before) / series;
      }
      for (const rendered of held) rendered.touch(1);
      const title = `memory per series, ${series.toLocaleString('en')} ${what}`;
      return [
        {
          title: `${title}, fresh`,
          unit: 'B',
          results: single(fresh),
          goal: what === 'counters' ? atMost(120) : undefined,
        },
        {
          title: `${title}, after a scrape`,
          unit: 'B',
          results: single(scraped),
          goal: what === 'counters' ? atMost(200) : undefined,
        },
      ];
    },
  };
}

function single(values: Readonly<Record<string, number>>): Row['results'] {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, summary([value])]));
}

export const memoryCases: readonly Case[] = [
  memoryCase('memory-counters', 'counters', 100_000),
  memoryCase('memory-histograms', 'histograms', 10_000),
];
