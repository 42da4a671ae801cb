import { measureLoops, measureTasks } from '../measure.js';
import { ours } from '../peers/ours.peer.js';
import { seriesLabels } from '../peers/peer.js';
import { MetricsRegistry } from 'nestjs-monitoring';
import type { Case } from './case.js';

/** What a scrape and an increment cost us, by the number of series. */
const SIZES = [100, 1_000, 10_000, 100_000, 1_000_000];

export const growthCases: readonly Case[] = SIZES.map((full) => ({
  name: `growth-${full}`,
  async run(_peers, effort) {
    const series = Math.ceil(full / effort.divisor);
    const counter = new MetricsRegistry({ seriesLimit: Infinity }).counter('bench_total', 'Bench.', {
      labelNames: ['method', 'route', 'status_code'],
    });
    // Enough label sets to leave the caches of the processor, as real traffic does.
    const stride = Math.max(1, Math.floor(series / 4096));
    const sets = Array.from({ length: series }, (_, i) => seriesLabels(i));
    for (const labels of sets) counter.inc(labels);
    const used = sets.filter((_, i) => i % stride === 0);
    const inc = (times: number): void => {
      for (let i = 0; i < times; i++) counter.inc(used[i % used.length]!);
    };
    const rendered = ours.counters(series);
    await rendered.render();
    const rounds = full >= 1_000_000 ? Math.ceil(effort.rounds / 3) : effort.rounds;
    return [
      { title: String(full), unit: 'ns', results: measureLoops({ inc }, effort) },
      {
        title: String(full),
        unit: 'ms',
        results: await measureTasks({ render: () => rendered.render() }, rounds),
      },
    ];
  },
}));
