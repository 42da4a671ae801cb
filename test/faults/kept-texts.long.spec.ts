import { describe, expect, it } from '@jest/globals';
import { MetricsRegistry } from 'nestjs-monitoring';
import { QueryRecorder } from '../../lib/integrations/queries/query.recorder.js';
import { systemClock } from '../../lib/metrics/clock.js';
import { boundedLabelValue, BoundedLabelValues } from '../../lib/primitives/bounded-label-values.js';
import { BoundedCache } from '../../lib/integrations/bounded-cache.js';
import { copyString } from '../../lib/primitives/copy-string.js';
import { bytesInUse } from '../metrics/support.js';

const COUNT = 50;
const LENGTH = 1_000_000;

/** A text of a megabyte that nobody else has, such as the body of a request. */
function longText(start: string): string {
  return `${start} ${Buffer.alloc(LENGTH, 'x').toString()}`;
}

function counter() {
  const registry = new MetricsRegistry({ logger: { warn: () => undefined } });
  return registry.counter('logins_total', 'Logins.', { labelNames: ['user'] });
}

/** Ways to keep something of a text: each returns what keeps it. */
const KEEPERS: Readonly<Record<string, () => { keep: (text: string) => unknown; kept: unknown }>> = {
  'a label value that is cut': () => {
    const logins = counter();
    return { kept: logins, keep: (text) => logins.inc({ user: text }) };
  },
  'a label value that is part of a text': () => {
    const logins = counter();
    return { kept: logins, keep: (text) => logins.inc({ user: text.slice(0, 30) }) };
  },
  'a bound series': () => {
    const logins = counter();
    const series: unknown[] = [];
    return { kept: [logins, series], keep: (text) => series.push(logins.labels({ user: text })) };
  },
  'a value that comes from outside': () => {
    const values = new BoundedLabelValues(COUNT);
    return { kept: values, keep: (text) => values.of(text) };
  },
  'part of a text that comes from outside': () => {
    const values = new BoundedLabelValues(COUNT);
    return { kept: values, keep: (text) => values.of(text.slice(0, 30)) };
  },
  'a copy of a text': () => {
    const texts: string[] = [];
    return { kept: texts, keep: (text) => texts.push(copyString(text.slice(0, 30))) };
  },
  'what a value is bounded to': () => {
    const values: string[] = [];
    return { kept: values, keep: (text) => values.push(boundedLabelValue(text)) };
  },
  'a text that is looked up': () => {
    const values = new BoundedCache<number>(2 * COUNT, Infinity);
    return { kept: values, keep: (text) => values.set(text.slice(0, 30), 1) };
  },
  'the table of a statement': () => {
    const registry = new MetricsRegistry();
    const options = { slowQueryThresholdMs: 500, maxTables: COUNT };
    const statements = new QueryRecorder(registry, systemClock, options).forSystem('postgresql');
    return {
      kept: [registry, statements],
      keep: (text) =>
        statements.end(
          `INSERT INTO customer_order_items_${text.replace(' ', " VALUES ('")}')`,
          statements.begin(undefined),
        ),
    };
  },
};

describe('of a text of a megabyte, nothing is kept but what is shown', () => {
  it.each(Object.keys(KEEPERS))('%s', (name) => {
    const { keep, kept } = KEEPERS[name]?.() ?? {};
    const before = bytesInUse();
    for (let i = 0; i < COUNT; i++) keep?.(longText(`${i}_of_all_the_customers_there_are`));
    const grown = bytesInUse() - before;
    expect(kept).toBeDefined();
    // All of them are 50 MB.
    expect(grown).toBeLessThan((COUNT * LENGTH) / 4);
  });
});
