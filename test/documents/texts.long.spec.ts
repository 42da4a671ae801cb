// The blocks of the documents that are not TypeScript: YAML, JSON, shell commands and PromQL.
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { parseAllDocuments, stringify } from 'yaml';
import { describeWith, requireBinary } from '../services/support/binaries.js';
import { codeBlocksOf } from './code-blocks.js';
import { DOCUMENTS } from './documents.js';

const run = promisify(execFile);

function blocksIn(language: string) {
  return DOCUMENTS.flatMap((document) => codeBlocksOf(document, language));
}

const yamls = blocksIn('yaml');
const queries = blocksIn('promql').flatMap(({ place, code }) =>
  code
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((query) => ({ place, query })),
);

/** The blocks whose first line is a comment with the name of a file. */
function yamlFiles(name: string) {
  return yamls.filter(({ code }) => code.startsWith(`# ${name}\n`));
}

describe('the texts in the documents', () => {
  it.each(yamls)('are YAML: $place', ({ code }) => {
    expect(parseAllDocuments(code).flatMap(({ errors }) => errors)).toEqual([]);
  });

  it.each(blocksIn('json'))('are JSON: $place', ({ code }) => {
    expect(() => JSON.parse(code) as unknown).not.toThrow();
  });

  it.each(blocksIn('bash'))('are commands of a shell: $place', async ({ code }) => {
    await run('bash', ['-n', '-c', code]);
  });
});

describeWith(['promtool', 'amtool'], 'the texts in the documents that are for Prometheus', () => {
  let folder = '';
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'monitoring-documents-'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  async function check(kind: 'config' | 'rules', text: string): Promise<void> {
    const file = join(folder, 'checked.yml');
    await writeFile(file, text);
    // Files that a configuration names, such as that of a token, do not exist here.
    const further = kind === 'config' ? ['--syntax-only'] : [];
    await run(requireBinary('promtool'), ['check', kind, ...further, file]);
  }

  it.each(yamlFiles('prometheus.yml'))('are a configuration: $place', async ({ code }) => {
    await check('config', code);
  });

  it.each(yamlFiles('rules.yml'))('are rules: $place', async ({ code }) => {
    await check('rules', code);
  });

  it.each(yamlFiles('alertmanager.yml'))('are a configuration of Alertmanager: $place', async ({ code }) => {
    const file = join(folder, 'alertmanager.yml');
    await writeFile(file, code);
    await run(requireBinary('amtool'), ['check-config', file]);
  });

  it.each(queries)('are a query: $place $query', async ({ query }) => {
    const rules = [{ record: 'documented:query', expr: query }];
    await check('rules', stringify({ groups: [{ name: 'documents', rules }] }));
  });
});
