import { readFileSync } from 'node:fs';
import { afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { parseExposition, type Sample } from '../e2e/fixture/exposition.js';
import { buildLibrary } from '../services/support/built.js';
import { eventually } from '../support/eventually.js';
import { expectThat } from '../support/expectations.js';
import { MigratingApp } from './migrating-app.process.js';

const GUIDE = readFileSync(new URL('../../docs/migrating.md', import.meta.url), 'utf8');

/** The rows of the table in a section of the guide whose first column is called so. */
function rowsOf(section: string, header: string): [string, string][] {
  const text = GUIDE.split(/^## /m).find((part) => part.startsWith(section)) ?? '';
  const table = text.split('\n\n').find((part) => part.startsWith(`| ${header} `)) ?? '';
  const rows = table
    .trim()
    .split('\n')
    .slice(2)
    .map(
      (row) =>
        row
          .split('|')
          .slice(1, 3)
          .map((cell) => cell.trim()) as [string, string],
    );
  if (rows.length === 0) throw new Error(`The guide has no table "${header}" in its section "${section}".`);
  return rows;
}

/** What stands between backquotes. */
function quoted(cell: string): string {
  return /`([^`]+)`/.exec(cell)?.[1] ?? '';
}

beforeAll(buildLibrary, 240_000);

const running: MigratingApp[] = [];

async function start(example: string): Promise<MigratingApp> {
  const app = await MigratingApp.start(example);
  running.push(app);
  return app;
}

afterEach(async () => {
  await Promise.all(running.splice(0).map((app) => app.stop()));
});

/** What an application shows after the requests that both are sent. */
async function exposed(example: string): Promise<Sample[]> {
  const { url } = await start(example);
  for (const order of [
    { channel: 'web', items: 3 },
    { channel: 'web', items: 7 },
    { channel: 'shop', items: 1 },
  ]) {
    await fetch(`${url}/orders`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(order),
    });
  }
  for (const path of ['/orders/7', '/orders/8?coupon=1', '/orders/13', '/nowhere/abc'])
    await fetch(url + path);
  const response = await fetch(`${url}/metrics`);
  return parseExposition(await response.text());
}

/** The sum of what a selector such as `orders_total{channel="web"}` selects. */
function valueOf(samples: readonly Sample[], selector: string): number {
  const { name, matchers } = parseSelector(selector);
  const found = samples.filter(
    (sample) => sample.name === name && matchers.every(([label, value]) => sample.labels[label] === value),
  );
  if (found.length === 0) throw new Error(`There is no ${selector}.`);
  return found.reduce((sum, { value }) => sum + value, 0);
}

function parseSelector(selector: string): { name: string; matchers: [string, string][] } {
  const [, name = '', labels = ''] = /^(\w+)(?:\{(.*)\})?$/.exec(selector) ?? [];
  return {
    name,
    matchers: [...labels.matchAll(/(\w+)="([^"]*)"/g)].map(([, label = '', value = '']) => [label, value]),
  };
}

/** The selectors of a query, each with the labels that it is grouped by. */
function selectorsIn(query: string): { selector: string; groupedBy: string[] }[] {
  const groupedBy = [...query.matchAll(/\bby \(([^)]*)\)/g)].flatMap(([, labels = '']) => labels.split(', '));
  const names = query.replaceAll(/\bby \([^)]*\)/g, '').matchAll(/[a-z]\w*_\w+(?:\{[^}]*\})?(?!\w*\()/gi);
  return [...names].map(([selector]) => ({ selector, groupedBy }));
}

/** Metrics that have a series only once there was such a request or a garbage collection, before as after. */
const SOMETIMES: ReadonlySet<string> = new Set(['nodejs_active_requests', 'nodejs_gc_duration_seconds']);

/** The families, by the names that their series have without the endings of histograms. */
function familiesOf(samples: readonly Sample[]): Set<string> {
  return new Set(samples.map(({ name }) => name.replace(/_(bucket|sum|count)$/, '')));
}

describe.each([
  ['prom-client and @willsoto/nestjs-prometheus', 'willsoto-nestjs-prometheus'],
  ['nestjs-otel', 'nestjs-otel'],
  ['OpenTelemetry', 'opentelemetry'],
  ['express-prom-bundle', 'express-prom-bundle'],
  ['fastify-metrics', 'fastify-metrics'],
])('moving from %s', (peer, folder) => {
  it('keeps the numbers, the queries and the names, as the guide says', async () => {
    const before = await exposed(`${folder}/before`);
    const after = await exposed(`${folder}/after`);

    const numbers = rowsOf(peer, 'numbers before').map((row) => row.map(quoted));
    const values = (samples: readonly Sample[], column: number) =>
      numbers.map((row) => `${row[0]}: ${valueOf(samples, row[column] ?? '')}`);
    expect(values(after, 1)).toEqual(values(before, 0));
    expect(numbers.map((row) => valueOf(before, row[0] ?? ''))).not.toContain(0);

    for (const row of rowsOf(peer, 'query before').map((cells) => cells.map(quoted))) {
      for (const [samples, query] of [
        [before, row[0] ?? ''],
        [after, row[1] ?? ''],
      ] as const) {
        const selectors = selectorsIn(query);
        expectThat(selectors.length, query).toBeGreaterThan(0);
        for (const { selector, groupedBy } of selectors) {
          expectThat(() => valueOf(samples, selector), query).not.toThrow();
          const { labels = {} } = samples.find(({ name }) => name === parseSelector(selector).name) ?? {};
          expectThat(Object.keys(labels), query).toEqual(expect.arrayContaining(groupedBy));
        }
      }
    }

    const left = familiesOf(after);
    const gone = [...familiesOf(before)].filter((name) => !left.has(name) && !SOMETIMES.has(name));
    expect(gone.toSorted()).toEqual(
      rowsOf(peer, 'gone')
        .map(([name]) => quoted(name))
        .filter((name) => !SOMETIMES.has(name))
        .toSorted(),
    );
  });
});

describe('moving from @nestjs/terminus', () => {
  it('keeps the statuses and what the indicators say, as the guide says', async () => {
    const [before, after] = [await start('terminus/before'), await start('terminus/after')];
    for (const path of ['ready', 'alive', 'startup']) {
      expect((await fetch(`${after.url}/${path}`)).status).toBe(200);
    }
    const seen: string[][] = [];
    for (const [balance, status] of [
      [10, 200],
      [0, 503],
    ] as const) {
      for (const app of [before, after]) app.pay(balance);
      // What was found before is good for a second.
      await eventually(async () => expect((await fetch(`${after.url}/health`)).status).toBe(status), 10_000);
      const [was, is] = (await Promise.all([before, after].map(({ url }) => healthOf(url)))) as [Was, Is];
      seen.push(
        [`${was.code}, \`status\` is \`${was.status}\``, `${is.code}, \`status\` is \`${is.status}\``],
        [
          `\`details.payments.status\` is \`${was.details.payments.status}\``,
          `\`checks.payments.status\` is \`${is.checks.payments.status}\``,
        ],
        [
          `\`details.payments.balance\` is \`${was.details.payments.balance}\``,
          `\`checks.payments.details.balance\` is \`${is.checks.payments.details.balance}\``,
        ],
      );
    }
    for (const row of rowsOf('@nestjs/terminus', 'before')) expect(seen).toContainEqual(row);
  });
});

async function healthOf(url: string): Promise<object> {
  const response = await fetch(`${url}/health`);
  return { code: response.status, ...((await response.json()) as object) };
}

interface Was {
  readonly code: number;
  readonly status: string;
  readonly details: { readonly payments: { readonly status: string; readonly balance: number } };
}

interface Is {
  readonly code: number;
  readonly status: string;
  readonly checks: {
    readonly payments: { readonly status: string; readonly details: { readonly balance: number } };
  };
}
