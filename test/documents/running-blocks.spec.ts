// The blocks of the documents that need nothing but a registry: they run.
import { describe, expect, it } from '@jest/globals';
import * as metrics from 'nestjs-monitoring/metrics';
import * as testing from 'nestjs-monitoring/testing';
import type { AlertRule } from 'nestjs-monitoring';
import ts from 'typescript';
import { type CodeBlock, codeBlocksOf } from './code-blocks.js';
import { DOCUMENTS } from './documents.js';
import { evaluate } from './evaluate.js';

const RULES: readonly AlertRule[] = [
  {
    name: 'high_error_rate',
    condition: {
      metric: 'http_requests_total',
      labels: { status_code: /5../ },
      aggregate: 'rate',
      operator: '>',
      threshold: 0,
    },
    severity: 'critical',
  },
];

/** Values for what the blocks speak of, made anew for each. */
function surroundings(): Record<string, unknown> {
  const registry = new metrics.MetricsRegistry();
  return {
    ...metrics,
    ...testing,
    registry,
    query: registry.timer('db_query_duration_seconds', 'Query time.'),
    rules: RULES,
    requests: registry.counter('requests_total', 'Requests.', { labelNames: ['method', 'route'] }),
    fn: (id: string) => Promise.resolve(id.length),
    jobs: { count: () => Promise.resolve(3) },
    sendEmail: () => Promise.resolve(),
  };
}

const KNOWN: ReadonlySet<string> = new Set(Object.keys(surroundings()));

/** The names of values that a block uses and does not declare. */
function openNames(source: ts.SourceFile): string[] {
  const declared = new Set<string>();
  const used = new Set<string>();
  const visit = (node: ts.Node): void => {
    if (ts.isTypeNode(node)) return;
    if (ts.isVariableDeclaration(node) || ts.isParameter(node)) {
      node.name.forEachChild(
        (child) => void (ts.isBindingElement(child) && declared.add(child.name.getText())),
      );
      if (ts.isIdentifier(node.name)) declared.add(node.name.text);
    }
    const isProperty =
      node.parent !== undefined &&
      ((ts.isPropertyAccessExpression(node.parent) && node.parent.name === node) ||
        (ts.isPropertyAssignment(node.parent) && node.parent.name === node));
    if (ts.isIdentifier(node) && !isProperty) used.add(node.text);
    ts.forEachChild(node, visit);
  };
  for (const statement of source.statements) if (!ts.isImportDeclaration(statement)) visit(statement);
  return [...used].filter((name) => !declared.has(name));
}

function sourceOf({ code }: CodeBlock): ts.SourceFile {
  return ts.createSourceFile('block.ts', code, ts.ScriptTarget.Latest, true);
}

function canRun(block: CodeBlock): boolean {
  const source = sourceOf(block);
  const isPlain = source.statements.every(
    (statement) => !ts.isClassDeclaration(statement) && !ts.isExportDeclaration(statement),
  );
  return (
    block.path === undefined &&
    isPlain &&
    !block.code.includes('…') &&
    openNames(source).every((name) => KNOWN.has(name))
  );
}

async function runBlock(block: CodeBlock): Promise<void> {
  const statements = sourceOf(block)
    .statements.filter((statement) => !ts.isImportDeclaration(statement))
    .map((statement) => statement.getText())
    .join('\n');
  await evaluate<() => Promise<void>>(`async () => {${statements}\n}`, surroundings())();
}

const blocks = DOCUMENTS.flatMap((document) => codeBlocksOf(document)).filter(canRun);

describe('the code in the documents that needs nothing but a registry', () => {
  it('is more than a few blocks', () => {
    expect(blocks.length).toBeGreaterThan(8);
  });

  it.each(blocks)('runs: $place', async (block) => {
    await expect(runBlock(block)).resolves.toBeUndefined();
  });
});
