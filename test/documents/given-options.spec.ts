// The options that the documents give: read as the module reads them at start.
import * as nest from '@nestjs/common';
import { describe, expect, it } from '@jest/globals';
import * as alerting from 'nestjs-monitoring/alerting';
import * as health from 'nestjs-monitoring/health';
import type { AlertRule, MonitoringOptions } from 'nestjs-monitoring';
import { testRules } from '../../lib/testing/rules/test-rules.js';
import { register } from 'prom-client';
import ts from 'typescript';
import { resolveOptions } from '../../lib/module/monitoring.options.js';
import { codeBlocksOf } from './code-blocks.js';
import { DOCUMENTS } from './documents.js';
import { evaluate } from './evaluate.js';

/** Values for what the snippets speak of. */
const KNOWN: Readonly<Record<string, unknown>> = {
  ...nest,
  ...alerting,
  ...health,
  process: {
    env: {
      MONITORING_TOKEN: 'a random text of more than 32 characters',
      PROMETHEUS_TOKEN: 'another-random-text',
      SLACK_URL: 'https://hooks.slack.com/x',
    },
  },
  Buffer,
  console,
  register,
  apiKey: 'key',
  credentials: Buffer.from('123456:token'),
  AdminGuard: class AdminGuard {},
  isLeader: () => true,
  byProxy: fetch,
  sendEmail: () => Promise.resolve(),
};

interface GivenOptions {
  readonly place: string;
  readonly text: string;
}

/** The arguments of every `MonitoringModule.forRoot()` in a document, and its constants that are alert rules. */
function optionsIn(document: string): GivenOptions[] {
  return codeBlocksOf(document).flatMap(({ place, code }) => {
    const found: GivenOptions[] = [];
    const source = ts.createSourceFile('block.ts', code, ts.ScriptTarget.Latest, true);
    const visit = (node: ts.Node): void => {
      if (ts.isCallExpression(node) && node.expression.getText() === 'MonitoringModule.forRoot') {
        const [argument] = node.arguments;
        if (argument && ts.isObjectLiteralExpression(argument))
          found.push({ place, text: argument.getText() });
      }
      if (ts.isVariableDeclaration(node) && node.type?.getText() === 'AlertRule' && node.initializer) {
        found.push({ place, text: `{ alerting: { rules: [${node.initializer.getText()}] } }` });
      }
      ts.forEachChild(node, visit);
    };
    visit(source);
    return found;
  });
}

const given = DOCUMENTS.flatMap(optionsIn);

describe('the options in the documents', () => {
  it('are many', () => {
    expect(given.length).toBeGreaterThan(25);
  });

  it.each(given)('are accepted at start: $place', ({ text }) => {
    const options = evaluate<MonitoringOptions>(text, KNOWN);
    expect(() => resolveOptions(options)).not.toThrow();
    const own = options.alerting;
    const rules: readonly AlertRule[] = (typeof own === 'object' ? own.rules : undefined) ?? [];
    if (rules.length > 0) testRules({ rules, series: {}, at: '1m', expect: [] });
  });
});
