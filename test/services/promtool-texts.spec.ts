// Lists are spread where they would take a line for each of their texts.
/* oxlint-disable unicorn/no-useless-spread */
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { promqlOf } from '../../lib/query/promql.js';
import { Template } from '../../lib/alerting/rules/template.js';
import { PortableRegExp } from '../../lib/primitives/portable-regexp.js';
import { describeWith, requireBinary } from './support/binaries.js';

const run = promisify(execFile);

/** Whatever a regular expression may be made of, in either dialect or in none. */
const PIECES =
  String.raw`a b . \d \s \S \w \W \b \B \A \z \Q \E \C \x41 \x{41} \x4 \u0041 \p{L} \pL \PN \p{Greek} \p{^L} \P{Lu} \p{C} \p{Cs} [a-z] [^a] [] [^] []a] [a\]b] [\d-z] [a-\d] [[:alpha:]] [\s] [^\s] [\S] [\b] [a-] [-a] [a-b-c] [a&&b] [\p{L}] [z-a] [[] [:a:] (a) (?:a) (?i)a (?P<n>a) (?<n>a) (?=a) (?<=a) (?>a) () ( (?: (? ) | ^ $ \ \/ - \- \e \a \f \v \0 \012 \8 \1 \cA \_ \é é 😀 \😀 { } {1} {2,} {,2} {1,2} {2,1} {01} {1001} {1000} {1,1000} {1000000000000} {1,1000000000000} * + ? *? ?? ** *+ {2}{3} {2}? " # \u2028 ; ,`.split(
    ' ',
  );
/** Expressions at the limits of what one program may be. */
const LARGE = [
  ...['(', '(?:', '(a|', '((?:a|b(c'].flatMap((start) =>
    [90, 99, 240, 999].map((times) => {
      const open = start.repeat(times);
      return `${open}a${')'.repeat(open.split('(').length - 1)}`;
    }),
  ),
  `${'(?:a|'.repeat(99)}b${')*'.repeat(99)}`,
  '(?:a{10}){100}',
  '(?:a{10}){101}',
  '((a{1,10})*){1,100}',
  ...[10, 14, 100, 5_000].flatMap((times) =>
    ['a{1000}', '[^a]{999}', String.raw`\pL`].map((of) => of.repeat(times)),
  ),
  String.raw`\p{L}`.repeat(20_000),
  `(${'((((a))))*|'.repeat(8)}){1000}`,
];

/** Numbers as they come, and those at which something changes. */
const VALUES = [
  ...[
    0,
    -0,
    0.5,
    1.5,
    2.5,
    9.25,
    9.35,
    1.005,
    -0.04,
    1e-4,
    1e-5,
    5e-324,
    999_999.5,
    1e6,
    2 ** 20,
    1e20,
    1e21,
  ],
  ...[Number.MAX_VALUE, 2 ** 53, Infinity, -Infinity, NaN, 0.1 + 0.2, 1 / 3],
  ...Array.from({ length: 100 }, (_, i) => (i % 2 === 0 ? 1 : -1) * Math.sin(i + 1) * 10 ** ((i % 40) - 18)),
];

function randomPieces(seed: number): string {
  let state = seed;
  const below = (count: number): number => {
    state = (Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x297a2d39) | 0;
    return (state >>> 8) % count;
  };
  return Array.from({ length: 1 + below(6) }, () => PIECES[below(PIECES.length)]).join('');
}

function isAccepted(source: string): boolean {
  try {
    PortableRegExp.check(source);
    return true;
  } catch {
    return false;
  }
}

/** A number as tests of promtool have it. */
function noted(value: number): string {
  if (Object.is(value, -0)) return '-0';
  return String(value).replace('Infinity', 'Inf');
}

/** JSON is YAML, but for what YAML takes for the end of a line or not at all. */
function yaml(value: unknown): string {
  return JSON.stringify(value).replace(
    /[\u007f-\u009f\u2028\u2029\ufeff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

describeWith(['promtool'], 'texts of rules in Prometheus', () => {
  let folder = '';
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'nestjs-monitoring-texts-'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  async function promtool(...args: string[]): Promise<string> {
    try {
      const options = { timeout: 230_000, maxBuffer: 64 * 1024 * 1024 };
      const { stdout, stderr } = await run(requireBinary('promtool'), args, options);
      return stdout + stderr;
    } catch (error) {
      const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string };
      throw new Error(`${stdout}${stderr}`.replaceAll(/\n+/g, '\n').slice(0, 3_000), { cause: error });
    }
  }

  it('are regular expressions that it takes, whatever is accepted here', async () => {
    const random = Array.from({ length: 8_000 }, (_, seed) => randomPieces(seed));
    const accepted = [...new Set([...PIECES, ...random, ...LARGE])].filter(isAccepted);
    expect(accepted.length).toBeGreaterThan(500);
    const rules = accepted.map((source, i) => ({
      alert: `r${i}`,
      expr: promqlOf({ kind: 'last', of: { metric: 'v', labels: { a: new RegExp(source) } } }),
    }));
    const file = join(folder, 'patterns.yml');
    await writeFile(file, yaml({ groups: [{ name: 'g', rules }] }));
    expect(await promtool('check', 'rules', file)).toContain('SUCCESS');
  }, 120_000);

  it('are messages in the same words, of any number', async () => {
    const templates = [
      '{{ value }}',
      '{{ value | humanizePercentage }}',
      ...Array.from({ length: 10 }, (_, digits) => `{{ value | printf "%.${digits}f" }}`),
      'a {{value}} }} "x" \\ {{ labels.n }}é\n{{   labels.n   }}{{ labels.none }}',
    ].map((text) => new Template('a test', text));
    const annotationsOf = (text: (template: Template) => string) =>
      Object.fromEntries(templates.map((template, i) => [`a${i}`, text(template)]));
    const rules = VALUES.map((_, i) => ({
      alert: `r${i}`,
      // NaN is not equal to itself.
      expr: `v{n="${i}"} == 0 or v{n="${i}"} != 0`,
      annotations: annotationsOf((template) => template.toPrometheus()),
    }));
    const tests = VALUES.map((value, i) => {
      const labels = { n: String(i) };
      const exp_annotations = annotationsOf((template) => template.render({ value, labels }));
      return { eval_time: '0s', alertname: `r${i}`, exp_alerts: [{ exp_labels: labels, exp_annotations }] };
    });
    const input_series = VALUES.map((value, i) => ({ series: `v{n="${i}"}`, values: noted(value) }));
    await writeFile(join(folder, 'words.rules.yml'), yaml({ groups: [{ name: 'g', rules }] }));
    const file = join(folder, 'words.test.yml');
    const test = { interval: '1m', input_series, alert_rule_test: tests };
    await writeFile(file, yaml({ rule_files: ['words.rules.yml'], tests: [test] }));
    expect(await promtool('test', 'rules', file)).toContain('SUCCESS');
  }, 60_000);
});
