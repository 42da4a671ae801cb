import { beforeAll, describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { flagsOf, redactedFlags } from '../../../lib/diagnostics/process-info/node-flags.js';
import { redactedOptions } from '../../../lib/diagnostics/process-info/redacted-options.js';
import { resolveOptions } from '../../../lib/module/monitoring.options.js';

const PLANTED = 'planted';

/** Texts that nobody may read, alone and within what options often contain. */
const secret = fc
  .tuple(
    fc.constantFrom('', 'https://user:', 'Bearer ', 'postgres://', '/var/', 'a b ', '\u0000', '--import='),
    fc.string({ maxLength: 12 }),
    fc.constantFrom('', '@host/path', '?token=1', '=1', '\n'),
  )
  .map(([before, middle, after]) => `${before}${PLANTED}${middle}${after}`);

/** Names as options have them, as applications give them, and those of objects themselves. */
const name = fc.oneof(
  fc.constantFrom('url', 'headers', 'defaultLabels', 'tags', 'auth', 'apiKey', 'rules', 'name', 'intervalMs'),
  fc.constantFrom('__proto__', 'constructor', 'toJSON', 'then', 'x-api-key', ''),
  secret,
);

const { tree } = fc.letrec<{ tree: unknown }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 5 },
    secret,
    secret.map((text) => new Map([[text, text]])),
    secret.map((text) => new Set([text])),
    secret.map((text) => Buffer.from(text)),
    secret.map((text) => new Error(text)),
    secret.map((text) => Symbol(text)),
    secret.map((text) => new URL(`https://host/?${encodeURIComponent(text)}`)),
    secret.map((text) => Object.assign(() => text, { text })),
    secret.map((text) => ({
      get url(): string {
        return text;
      },
    })),
    fc.array(tie('tree'), { maxLength: 4 }),
    fc.array(fc.tuple(name, tie('tree')), { maxLength: 5 }).map((entries) => Object.fromEntries(entries)),
  ),
}));

describe('options without secrets', () => {
  // The names of options are known once they have been read.
  beforeAll(
    () => void resolveOptions({ exporters: { pushgateway: { url: 'http://localhost', jobName: 'a' } } }),
  );

  it('never contain a text that was planted in them, under whatever name and in whatever object', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(name, tree), { maxLength: 6 }), (entries) => {
        const text = JSON.stringify(redactedOptions(Object.fromEntries(entries)));
        expect(text).not.toContain(PLANTED);
      }),
      { numRuns: 500 },
    );
  });

  it('show numbers, switches, and texts that an option can be chosen from', () => {
    expect(
      redactedOptions({
        enabled: true,
        seriesLimit: 1000,
        maxBytes: Infinity,
        http: false,
        cluster: undefined,
        histograms: 'exponential',
        serviceName: 'shop',
        buckets: [0.1, 0.5],
        clock: { now: () => 0, epoch: 4711 },
        fetch: () => undefined,
        ignoreRoutes: [/planted/, '/planted'],
        auth: { bearerToken: 'planted' },
        apiKey: 4711,
        headers: { planted: 'planted' },
        failedAuth: { maxFailures: 10 },
        metrics: 12n,
        'planted-name': 1,
      }),
    ).toEqual({
      enabled: true,
      seriesLimit: 1000,
      maxBytes: 'Infinity',
      http: false,
      cluster: null,
      histograms: 'exponential',
      serviceName: '(set)',
      buckets: [0.1, 0.5],
      clock: '(object)',
      fetch: '(function)',
      ignoreRoutes: ['(regular expression)', '(set)'],
      auth: '(set)',
      apiKey: '(set)',
      headers: '(set)',
      failedAuth: { maxFailures: 10 },
      metrics: '(set)',
      '(other)': 1,
    });
  });

  it('call no getter and survive hostile objects', () => {
    let calls = 0;
    const hostile = new Proxy(
      {},
      {
        getPrototypeOf: () => {
          throw new Error('hostile');
        },
      },
    );
    const circular: Record<string, unknown> = {};
    circular['rules'] = circular;
    const shown = redactedOptions({
      http: hostile,
      rules: circular,
      get secretUrl(): string {
        calls++;
        return 'planted';
      },
      get url(): string {
        calls++;
        return 'planted';
      },
      toJSON: () => {
        calls++;
        return 'planted';
      },
    });
    expect(JSON.stringify(shown)).not.toContain('planted');
    expect(shown).toMatchObject({ http: '(object)', url: '(set)' });
    expect(calls).toBe(0);
  });

  it('are bounded', () => {
    const wide = Object.fromEntries(Array.from({ length: 10_000 }, (_, i) => [`planted${i}`, [i, [i]]]));
    const deep = Array.from({ length: 200 }).reduce<unknown>((rules) => ({ rules }), 1);
    const text = JSON.stringify(
      redactedOptions({ http: wide, rules: deep, checks: Array.from({ length: 5_000 }, () => wide) }),
    );
    expect(text.length).toBeLessThan(200_000);
  });

  it('have every option of the module that is a number or a switch', () => {
    const shown = redactedOptions(resolveOptions({ exporters: { otlp: { headers: { a: 'planted' } } } }));
    expect(shown).toMatchObject({
      enabled: true,
      seriesLimit: 1000,
      history: { intervalMs: expect.any(Number) },
      exporters: { otlp: { headers: '(set)', intervalMs: expect.any(Number) } },
      diagnostics: { blockedLoop: { thresholdMs: 100 }, startup: true, processInfo: true },
    });
    expect(JSON.stringify(shown)).not.toContain('planted');
  });
});

describe('flags without secrets', () => {
  it('never contain a text that was planted as a value', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.boolean(), secret)), (given) => {
        const flags = given.flatMap(([isJoined, text]) =>
          isJoined ? [`--import=${text}`] : ['--eval', text, `-r${text}`.replace('-r', '')],
        );
        expect(JSON.stringify(redactedFlags(flags))).not.toContain(PLANTED);
        expect(JSON.stringify(redactedFlags(flagsOf(flags.join(' '))))).not.toContain(PLANTED);
      }),
      { numRuns: 500 },
    );
  });

  it.each([
    [['--max-old-space-size=512'], ['--max-old-space-size=512']],
    [
      ['--enable-source-maps', '--no-warnings'],
      ['--enable-source-maps', '--no-warnings'],
    ],
    [
      ['--stack-size', '984'],
      ['--stack-size', '984'],
    ],
    [['--import=https://host/?token=1'], ['--import=(set)']],
    [
      ['-e', 'connect("planted")'],
      ['-e', '(set)'],
    ],
    [['--title=4111111111111111'], ['--title=(set)']],
    [
      ['--=x', '--a b=c'],
      ['(set)', '(set)'],
    ],
  ])('of %j are %j', (flags, shown) => {
    expect(redactedFlags(flags)).toEqual(shown);
  });

  it('are read from NODE_OPTIONS, also in quotes', () => {
    expect(flagsOf('--require "/a b/c.js"  --max-old-space-size=1')).toEqual([
      '--require',
      '"/a b/c.js"',
      '--max-old-space-size=1',
    ]);
    expect(flagsOf()).toEqual([]);
    expect(flagsOf('"open')).toEqual(['"open']);
  });

  it('are bounded', () => {
    expect(redactedFlags(Array.from({ length: 500 }, () => '--x'))).toHaveLength(101);
  });
});
