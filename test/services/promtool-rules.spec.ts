import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { RuleCase } from '../alerting/rule-cases.js';
import { exampleCases, randomCases } from '../alerting/rule-cases.js';
import { rulesAsYaml, type StatesAt, statesOf } from '../alerting/rule-states.js';
import { describeWith, requireBinary } from './support/binaries.js';
import { generatedCase } from './support/rule-generator.js';

const run = promisify(execFile);
/** How many rules are generated: the same ones in each run, unless a seed is given. */
const GENERATED_RULES = Number(process.env['GENERATED_RULES'] ?? 2_000);
const SEED = Number(process.env['GENERATED_RULES_SEED'] ?? 20_261_129);
const RULES_PER_CASE = 40;
const CASES_AT_ONCE = 10;
const RANDOM_CASES = 240;
const BATCH = 40;
/** It ends soon, and its garbage with it: to collect that early, as a server does, takes a large part of its time. */
const COLLECT_LATE = { GOGC: '800' };

/** What promtool has to say of some files; it fails if a single expectation does. */
async function promtool(...args: string[]): Promise<string> {
  try {
    const { stdout, stderr } = await run(requireBinary('promtool'), args, {
      timeout: 230_000,
      env: { ...process.env, ...COLLECT_LATE },
    });
    return stdout + stderr;
  } catch (error) {
    const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string };
    throw new Error(`${stdout}${stderr}`.slice(0, 6_000), { cause: error });
  }
}

/** What has to be true in Prometheus at each evaluation: ALERTS as our engine has them. */
function unitTest(name: string, { series, intervalMs }: RuleCase, states: readonly StatesAt[]): string {
  const tests = states.map(({ at, alerts }) => ({
    expr: 'ALERTS',
    eval_time: `${at}ms`,
    exp_samples: alerts.map((labels) => ({
      labels: `ALERTS{${Object.entries(labels)
        .map(([label, value]) => `${label}=${JSON.stringify(value)}`)
        .join(',')}}`,
      value: 1,
    })),
  }));
  // Every JSON document is YAML.
  return JSON.stringify({
    rule_files: [`${name}.rules.yml`],
    evaluation_interval: `${intervalMs}ms`,
    tests: [
      {
        interval: `${intervalMs}ms`,
        input_series: Object.entries(series).map(([key, values]) => ({ series: key, values })),
        promql_expr_test: tests,
      },
    ],
  });
}

/** A case under a name, with the states of its alerts in our engine. */
interface EvaluatedCase {
  readonly name: string;
  readonly one: RuleCase;
  readonly states: readonly StatesAt[];
}

function evaluated(name: string, one: RuleCase): EvaluatedCase {
  return { name, one, states: statesOf(one) };
}

/** Whether any alert is pending or fires. Were there none, the comparison would prove nothing. */
function isBusy({ states }: EvaluatedCase): boolean {
  return states.some(({ alerts }) => alerts.length > 0);
}

describeWith(['promtool'], 'the rules in Prometheus', () => {
  let folder = '';

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'nestjs-monitoring-rules-'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  async function agree(cases: readonly EvaluatedCase[]): Promise<void> {
    const tests: string[] = [];
    const files: string[] = [];
    for (const { name, one, states } of cases) {
      const file = join(folder, `${name}.rules.yml`);
      await writeFile(file, rulesAsYaml(one));
      await writeFile(join(folder, `${name}.test.yml`), unitTest(name, one, states));
      files.push(file);
      tests.push(join(folder, `${name}.test.yml`));
    }
    expect(await promtool('check', 'rules', ...files)).toContain('SUCCESS');
    expect(await promtool('test', 'rules', ...tests)).not.toContain('FAILED');
  }

  it('fire on the same series at the same evaluations in examples of every kind of rule', async () => {
    await agree(Object.entries(exampleCases).map(([name, one]) => evaluated(name, one)));
  }, 120_000);

  it('fire for a series that is created as for one that Prometheus saw at zero before', async () => {
    const rules = (['rate', 'increase'] as const).flatMap((aggregate) =>
      [0.2, 1, 15, 40].map(
        (threshold) =>
          ({
            name: `${aggregate}_${threshold}`.replace('.', '_'),
            condition: { metric: 'errors_total', aggregate, windowMs: 60_000, operator: '>', threshold },
            severity: 'warning',
            message: 'm',
          }) as const,
      ),
    );
    // Long enough before the first of them, so that there is no window that begins in between.
    const other = { 'errors_total{route="/"}': '0+1x20' };
    const failing = 'errors_total{route="/boom"}';
    const cases = ['20x12', '20+3x12', '7 7 60x9', '1 50 3 90x8'].map((values, i): EvaluatedCase => {
      const one = {
        rules,
        intervalMs: 15_000,
        steps: 18,
        series: { ...other, [failing]: `_x4 0 ${values}` },
      };
      const ours = { ...other, [failing]: `_x5 created ${values}` };
      return { name: `created_${i}`, one, states: statesOf({ ...one, series: ours }) };
    });
    expect(cases.filter((each) => !isBusy(each))).toEqual([]);
    await agree(cases);
  }, 60_000);

  it.each(Array.from({ length: RANDOM_CASES / BATCH }, (_, i) => i))(
    'do so over random series and rules, batch %i',
    async (batch) => {
      const cases = randomCases(BATCH, batch + 1).map((one, i) => evaluated(`case_${batch}_${i}`, one));
      expect(cases.filter(isBusy).length).toBeGreaterThan(BATCH / 3);
      await agree(cases);
    },
    120_000,
  );

  it(`differ in nothing over ${GENERATED_RULES} generated rules, seed ${SEED}`, async () => {
    const count = Math.ceil(GENERATED_RULES / RULES_PER_CASE);
    const cases = Array.from({ length: count }, (_, i) =>
      evaluated(`generated_${SEED + i}`, generatedCase(SEED + i, RULES_PER_CASE)),
    );
    expect(cases.filter(isBusy).length).toBeGreaterThan(count / 2);
    for (let first = 0; first < count; first += CASES_AT_ONCE) {
      await agree(cases.slice(first, first + CASES_AT_ONCE));
    }
  }, 900_000);
});
