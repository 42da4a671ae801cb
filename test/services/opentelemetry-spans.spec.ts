import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { SpanKind } from '@opentelemetry/api';
import type { RequestRecord } from 'nestjs-monitoring/diagnostics';
import { ADAPTERS } from '../e2e/fixture/start-app.js';
import { eventually } from '../support/eventually.js';
import { describeWith } from './support/binaries.js';
import { buildLibrary } from './support/built.js';
import { LocalServer } from './support/local.server.js';
import { PostgresServer } from './support/postgres.server.js';
import { RedisServer } from './support/redis.server.js';
import { type Evidence, TracedApp, type TracedSpan } from './support/traced-app.js';

/** The handlers of the application. */
const ROUTES = [
  'sequential',
  'parallel',
  'mixed',
  'transactions',
  'callbacks',
  'failures',
  'bodies',
  'batches',
  'computes',
  'streams',
].map((name) => `/${name}`);

/** Requests to each handler, one after the other. */
const IN_TURN = 4;
/** Further requests to each handler, of several clients at once. */
const AT_ONCE = 12;
const CLIENTS = 4;

/** What two clocks may differ by, in milliseconds, or else as a share. */
const TOLERANCE_MS = 1;
const TOLERANCE = 0.05;
/**
 * Share of all requests that have to be within the tolerance, and of those to each handler in turn, and at once. Between
 * the moments at which the two of them read the clock, the process may have to wait for a processor.
 */
const MIN_SHARE = 0.9;
const MIN_SHARE_OF_HANDLER = 0.5;
/** How often all of it is measured, until the shares are reached: not every time is the machine as busy. */
const TRIES = 5;

const PARTS = ['database', 'cache', 'remote', 'pool'] as const;
type Part = (typeof PARTS)[number];
const TIMES = [...PARTS, 'duration'] as const;

/** A request as both have seen it. */
interface Seen {
  readonly record: RequestRecord;
  readonly server: TracedSpan;
  /** The spans of its calls. */
  readonly calls: readonly TracedSpan[];
}

function partOf({ library, name }: TracedSpan): Part | undefined {
  if (library === 'ioredis') return 'cache';
  if (library !== 'pg') return 'remote';
  if (name === 'pg-pool.connect') return 'pool';
  // The connection is opened while the pool is waited for.
  return name === 'pg.connect' ? undefined : 'database';
}

/** Returns the time that spans cover, by part. Parts that overlap share the time. */
function timesOf({ calls }: Seen): Record<Part, number> {
  const waits = calls.flatMap((span) => {
    const part = partOf(span);
    return part === undefined ? [] : [{ part, from: span.startedAt, to: span.startedAt + span.durationMs }];
  });
  const moments = waits.flatMap(({ from, to }) => [from, to]).toSorted((a, b) => a - b);
  const times = { database: 0, cache: 0, remote: 0, pool: 0 };
  for (const [i, from] of moments.slice(0, -1).entries()) {
    const to = moments[i + 1]!;
    const open = new Set(waits.filter((wait) => wait.from <= from && wait.to >= to).map(({ part }) => part));
    for (const part of open) times[part] += (to - from) / open.size;
  }
  return times;
}

/**
 * Returns by how much a record differs from the spans of its request, in milliseconds. In a wait, a record also tells for
 * how long something else blocked the event loop, and for how long the code of the request itself ran meanwhile.
 */
function differenceOf(seen: Seen, part: Part | 'duration'): { difference: number; expected: number } {
  const { record, server } = seen;
  if (part === 'duration') {
    return { difference: record.durationMs - server.durationMs, expected: server.durationMs };
  }
  const expected = timesOf(seen)[part];
  const least = record.parts[part] ?? 0;
  const most = least + (record.parts.event_loop ?? 0) + record.longestRunMs;
  return { difference: Math.max(least - expected, 0) + Math.min(most - expected, 0), expected };
}

function isWithinTolerance({ difference, expected }: ReturnType<typeof differenceOf>): boolean {
  return Math.abs(difference) <= Math.max(TOLERANCE_MS, TOLERANCE * expected);
}

/** Returns what differs too much, of more requests than may, in all or in those to a handler in turn or at once. */
function tooDifferent(requests: readonly Seen[], part: (typeof TIMES)[number]): object[] {
  const beyondIn = (group: readonly Seen[], share: number): object[] => {
    const beyond = group
      .map((seen) => ({ route: seen.record.route, ...differenceOf(seen, part) }))
      .filter((each) => !isWithinTolerance(each));
    return beyond.slice(Math.floor((1 - share) * group.length));
  };
  // Those at once began when all those in turn had been answered.
  const byStart = requests.toSorted((a, b) => a.record.startedAt - b.record.startedAt);
  const ofHandlers = ROUTES.flatMap((route) => {
    const all = byStart.filter(({ record }) => record.route === route);
    return [all.slice(0, IN_TURN), all.slice(IN_TURN)];
  });
  return [
    ...beyondIn(byStart, MIN_SHARE),
    ...ofHandlers.flatMap((group) => beyondIn(group, MIN_SHARE_OF_HANDLER)),
  ];
}

const statusOf = ({ attributes }: TracedSpan): unknown => attributes['http.response.status_code'];

/** Returns a request to another service as a record names it. */
function remoteCallOf(span: TracedSpan): string {
  const { attributes } = span;
  const [name, port, method] = ['server.address', 'server.port', 'http.request.method'].map((key) =>
    String(attributes[key]),
  );
  const status = statusOf(span);
  return `${name}:${port} ${method} ${String(status ?? 'ECONNREFUSED')}`;
}

const ofPart = ({ record }: Seen, part: Part): RequestRecord['calls'] =>
  record.calls.filter((call) => call.part === part);
const sum = (numbers: readonly number[]): number => numbers.reduce((total, each) => total + each, 0);

/** Returns the calls of each route with their places, without times. */
function callsByRoute(records: readonly RequestRecord[]): Record<string, string[]> {
  return Object.fromEntries(
    ROUTES.map((each) => {
      const texts = records
        .filter(({ route }) => route === each)
        .flatMap(({ calls }) =>
          calls.map(
            ({ part, system, name, count, errors, site }) =>
              `${part} ${system} ${name} ×${count} !${errors} at ${site}`,
          ),
        );
      return [each, [...new Set(texts)].toSorted()];
    }),
  );
}

describeWith(['initdb', 'postgres', 'redis-server'], 'the records of requests beside OpenTelemetry', () => {
  let services: readonly string[];
  const closing: (() => unknown)[] = [];

  beforeAll(async () => {
    const postgres = await PostgresServer.start();
    closing.push(() => postgres.stop());
    const redis = await RedisServer.start();
    closing.push(() => redis.stop());
    // Answers `/after/milliseconds` after that time, `/body/milliseconds` with a body that takes so long, `/drop` with a body
    // that breaks off, and `/status` with that status.
    const remote = await LocalServer.listen(({ url = '' }, response) => {
      const [, what, milliseconds] = url.split('/');
      const end = (): unknown => response.end('end');
      if (what === 'after') setTimeout(end, Number(milliseconds));
      else if (what === 'body') {
        response.write('start');
        setTimeout(end, Number(milliseconds));
      } else if (what === 'drop') {
        response.writeHead(200, { 'content-length': 100 }).write('start');
        setTimeout(() => response.destroy(), 10);
      } else response.writeHead(Number(what)).end();
    });
    closing.push(() => remote.stop());
    await postgres.query('CREATE TABLE notes (id serial, text text)');
    await buildLibrary();
    services = [postgres.url, redis.url, remote.url];
  }, 240_000);

  afterAll(async () => {
    for (const close of closing.toReversed()) await close();
  });

  /** Starts the application, sends requests in turn and then at once, and asks for the evidence. */
  async function evidenceOf(
    adapter: (typeof ADAPTERS)[number],
    isTraced: boolean,
    inTurn: number,
    atOnce: number,
  ): Promise<Evidence> {
    const app = await TracedApp.start(adapter, services, isTraced);
    try {
      const client = async (routes: Iterable<string>): Promise<void> => {
        for (const route of routes) await (await fetch(app.url + route)).text();
      };
      const rounds = (count: number): string[] => Array.from({ length: count }, () => ROUTES).flat();
      await client(rounds(inTurn));
      const next = rounds(atOnce).values();
      await Promise.all(Array.from({ length: CLIENTS }, () => client(next)));
      return await eventually(
        async () => {
          const evidence = await app.evidence();
          expect(evidence.records).toHaveLength((inTurn + atOnce) * ROUTES.length);
          return evidence;
        },
        { timeout: 20_000, interval: 100 },
      );
    } finally {
      await app.stop();
    }
  }

  describe.each(ADAPTERS)('on %s', (adapter) => {
    let evidence: Evidence;
    let requests: readonly Seen[];

    beforeAll(async () => {
      for (let tries = 0; tries < TRIES; tries++) {
        evidence = await evidenceOf(adapter, true, IN_TURN, AT_ONCE);
        requests = evidence.records.map((record) => {
          const spans = evidence.spans.filter(({ traceId }) => traceId === record.traceId);
          return {
            record,
            server: spans.find(({ kind }) => kind === SpanKind.SERVER)!,
            calls: spans.filter(({ kind }) => kind === SpanKind.CLIENT),
          };
        });
        if (TIMES.every((part) => tooDifferent(requests, part).length === 0)) break;
      }
    }, 400_000);

    it('have the trace and the status of the span of their request', () => {
      expect(new Set(evidence.records.map(({ traceId }) => traceId)).size).toBe(evidence.records.length);
      for (const { record, server } of requests) {
        expect([record.status, record.route]).toEqual([statusOf(server), server.attributes['url.path']]);
      }
    });

    it('have the statements of the spans, and those that failed', () => {
      for (const seen of requests) {
        const statements = seen.calls.filter((span) => partOf(span) === 'database');
        const calls = ofPart(seen, 'database');
        expect([seen.record.route, sum(calls.map(({ count }) => count))]).toEqual([
          seen.record.route,
          statements.length,
        ]);
        expect(sum(calls.map(({ errors }) => errors))).toBe(
          statements.filter(({ hasFailed }) => hasFailed).length,
        );
      }
    });

    it('have the commands of the spans, and each batch as one', () => {
      for (const seen of requests) {
        const commands = seen.calls.filter((span) => partOf(span) === 'cache').map(({ name }) => name);
        const names = ofPart(seen, 'cache').flatMap(({ name, count }) => Array<string>(count).fill(name));
        if (seen.record.route === '/batches') expect(names.toSorted()).toEqual(['MULTI', 'PIPELINE']);
        else expect(names.toSorted()).toEqual(commands.map((name) => name.toUpperCase()).toSorted());
      }
    });

    it('have the requests to other services by host and status', () => {
      for (const seen of requests) {
        const sent = seen.calls.filter((span) => partOf(span) === 'remote').map(remoteCallOf);
        const calls = ofPart(seen, 'remote').flatMap(({ system, name, count }) =>
          Array<string>(count).fill(`${system} ${name}`),
        );
        expect(calls.toSorted()).toEqual(sent.toSorted());
      }
    });

    it.each(TIMES)('have the time of the spans: %s', (part) => {
      expect(tooDifferent(requests, part)).toEqual([]);
    });

    it('have the same calls at the same places without OpenTelemetry, but no trace', async () => {
      const { records, spans } = await evidenceOf(adapter, false, 1, 1);
      expect(spans).toEqual([]);
      expect(new Set(records.map(({ traceId }) => traceId))).toEqual(new Set([undefined]));
      expect(callsByRoute(records)).toEqual(callsByRoute(evidence.records));
      for (const { durationMs, parts } of records) {
        expect(sum(Object.values(parts))).toBeCloseTo(durationMs, 3);
      }
    }, 60_000);
  });
});
