import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { ROOT } from '../documents/documents.js';

interface Step {
  readonly uses?: string;
  readonly run?: string;
  readonly with?: Readonly<Record<string, unknown>>;
}

interface Job {
  readonly permissions: Readonly<Record<string, string>>;
  readonly needs?: string;
  readonly steps: readonly Step[];
}

const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');
const workflow = parse(read('.github/workflows/publish.yml')) as {
  readonly permissions: object;
  readonly jobs: Readonly<Record<string, Job>>;
};
const { scripts } = JSON.parse(read('package.json')) as {
  readonly scripts: Readonly<Record<string, string>>;
};
const stepsOf = ({ steps }: Job) => steps;
const all = Object.values(workflow.jobs).flatMap(stepsOf);

describe('the workflow that publishes', () => {
  it('publishes with provenance, after everything has been checked', () => {
    const [publish, ...others] = Object.values(workflow.jobs).filter((job) =>
      job.steps.some(({ run }) => run?.startsWith('npm publish')),
    );
    expect(others).toEqual([]);
    expect(publish?.needs).toBe('check');
    expect(publish?.steps.map(({ run }) => run)).toContain('npm publish --provenance --access public');
    expect(workflow.jobs['check']?.steps.map(({ run }) => run)).toContain('bash .ci/run');
  });

  it('may do no more than it has to', () => {
    expect(workflow.permissions).toEqual({});
    expect(Object.entries(workflow.jobs).map(([name, { permissions }]) => [name, permissions])).toEqual([
      ['check', { contents: 'read' }],
      ['publish', { contents: 'read', 'id-token': 'write' }],
    ]);
    for (const step of all.filter(({ uses }) => uses?.startsWith('actions/checkout@'))) {
      expect(step.with).toEqual({ 'persist-credentials': false });
    }
    expect(JSON.stringify(workflow)).not.toMatch(/secrets\.|pull_request/);
  });

  it('uses actions of GitHub only, each in one version', () => {
    for (const { uses } of all)
      if (uses !== undefined) expect(uses).toMatch(/^actions\/[\w-]+@v\d+\.\d+\.\d+$/);
  });

  it('runs scripts that there are', () => {
    const used = all.flatMap(({ run = '' }) =>
      [...run.matchAll(/npm run (?:--silent )?([\w:-]+)/g)].map(([, name = '']) => name),
    );
    expect(used.length).toBeGreaterThan(0);
    for (const name of used) expect(scripts).toHaveProperty([name]);
  });
});
