import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { check } from 'recheck';
import ts from 'typescript';
import { restoreEnv, stubEnv } from '../support/environment.js';

const LIB = resolve(import.meta.dirname, '../../lib');

/** Patterns that may take longer than in proportion to their input, since only the operator's own code writes that. */
const OWN_INPUT: Readonly<Record<string, string>> = {
  '/(\\d+)(ms|[smhd])/g': 'durations in testRules(), in tests of the operator',
  '/\\b([a-zA-Z_:][a-zA-Z0-9_:]*)\\{([^}]*)\\}/g': 'the PromQL of Grafana dashboards, made by hand',
  '/\\b(rate|increase)\\(([a-zA-Z_:][a-zA-Z0-9_:]*)_(bucket|sum|count)(\\{[^{}]*\\}\\[[^[\\]]*\\](?: @ end\\(\\))?)\\)/g':
    'the same',
};

/** Patterns that are made from text: where, and whose text it is. */
const MADE = [
  // Fields of /proc, by constants.
  "collectors/runtime/process.collector.ts: new RegExp(`^${line}:\\\\s*(\\\\d+)`, 'm')",
  "collectors/system/linux-files.ts: new RegExp(`^${name}:?\\\\s+(\\\\S+)`, 'm')",
  // Matchers of alert rules and of panels of the application.
  "options/option-checks.ts: new RegExp(pattern.source, pattern.flags.replace(/[gy]/g, ''))",
  'query/promql-selection.ts: new RegExp(value)',
  "primitives/portable-regexp.ts: new RegExp(`^(?:${translated(source)})$`, 'u')",
  // Names of labels, as the data model has them: no letter of theirs means more in a pattern.
  "exporters/pushgateway/rename-group-collisions.ts: new RegExp(`(?<=[{,])(?:${[...names.keys()].join('|')})(?==\")`, 'g')",
  // Constants.
  'diagnostics/flight-recorder/flight-ring.ts: new RegExp(`^${TITLE} (\\\\d{1,6}) (\\\\d{1,6}) (\\\\d{1,6}) *\\\\n$`)',
  "diagnostics/flight-recorder/unexpected-end.rule.ts: new RegExp(UNEXPECTED.join('|'))",
  "testing/rules/series-notation.ts: new RegExp(`^(${NUMBER})(?:([+-])(\\\\d+\\\\.?\\\\d*|\\\\.\\\\d+))?(?:x(\\\\d+))?$`, 'i')",
  "testing/rules/series-notation.ts: new RegExp(LABEL, 'gy')",
];

const { literals, made } = patternsOf(LIB);

/**
 * Every regular expression in the code, the scripts of the page included. What `nest add` runs reads only the developer's
 * own root module, once.
 */
function patternsOf(folder: string): { literals: Map<string, string>; made: string[] } {
  const found = { literals: new Map<string, string>(), made: [] as string[] };
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((path) =>
    /^(?!schematics\/).*\.(ts|js)$/.test(path),
  );
  for (const path of files) {
    const source = ts.createSourceFile(
      path,
      readFileSync(join(folder, path), 'utf8'),
      ts.ScriptTarget.Latest,
      true,
    );
    const visit = (node: ts.Node): void => {
      if (ts.isRegularExpressionLiteral(node)) found.literals.set(node.text, path);
      const isMade =
        (ts.isNewExpression(node) || ts.isCallExpression(node)) && node.expression.getText() === 'RegExp';
      if (isMade) found.made.push(`${path}: ${node.getText()}`);
      ts.forEachChild(node, visit);
    };
    visit(source);
  }
  return found;
}

/**
 * The checker as the program that its package has for most machines; elsewhere the same sources in JavaScript, which take
 * ten times as long. Never Java, which the machine may have or not.
 */
const BACKEND = hasProgram() ? 'native' : 'pure';

function hasProgram(): boolean {
  const system = { linux: 'linux', darwin: 'macos' }[process.platform as string];
  try {
    return createRequire(import.meta.url).resolve(`recheck-${system}-${process.arch}/package.json`) !== '';
  } catch {
    return false;
  }
}

/** What an input could make of a pattern: at worst `linear`, `2nd degree polynomial`, `exponential`. */
async function worstCaseOf(literal: string): Promise<string> {
  const end = literal.lastIndexOf('/');
  // The limits that count steps are enough; those of time would be exceeded on a busy machine.
  const limits = { timeout: null, incubationTimeout: null, seedingTimeout: null };
  const found = await check(literal.slice(1, end), literal.slice(end + 1), limits);
  if (found.status === 'safe') return 'safe';
  return `${found.status}: ${found.status === 'vulnerable' ? found.complexity.summary : found.error.kind}`;
}

describe('regular expressions', () => {
  beforeAll(() => stubEnv('RECHECK_BACKEND', BACKEND));
  afterAll(() => restoreEnv());

  it('are found at all, and the checker knows a bad one', async () => {
    expect(literals.size).toBeGreaterThan(80);
    expect(await worstCaseOf('/^(a+)+$/')).toBe('vulnerable: exponential');
    expect(await worstCaseOf('/a+$/')).toBe('vulnerable: 2nd degree polynomial');
  });

  it('take time in proportion to their input, whatever that is, unless it is the operator who writes it', async () => {
    const offences: string[] = [];
    for (const [literal, path] of literals) {
      if (Object.hasOwn(OWN_INPUT, literal)) continue;
      const worst = await worstCaseOf(literal);
      if (worst !== 'safe') offences.push(`${path}: ${literal}: ${worst}`);
    }
    expect(offences).toEqual([]);
  }, 1_200_000);

  it('that are excepted are still there, and not exponential', async () => {
    for (const literal of Object.keys(OWN_INPUT)) {
      expect([literal, literals.has(literal)]).toEqual([literal, true]);
      expect(await worstCaseOf(literal)).not.toContain('exponential');
    }
  });

  it('are not made from text, but for these', () => {
    expect(made.toSorted()).toEqual(MADE.toSorted());
  });
});
