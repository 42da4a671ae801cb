import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import * as alerting from 'nestjs-monitoring/alerting';
import * as exporters from 'nestjs-monitoring/exporters';
import * as grafana from 'nestjs-monitoring/grafana';
import * as dashboard from 'nestjs-monitoring/dashboard';
import * as diagnostics from 'nestjs-monitoring/diagnostics';
import * as health from 'nestjs-monitoring/health';
import * as main from 'nestjs-monitoring';
import * as metrics from 'nestjs-monitoring/metrics';
import * as testing from 'nestjs-monitoring/testing';
import ts from 'typescript';

const DOORS: Readonly<Record<string, object>> = {
  index: main,
  metrics,
  exporters,
  alerting,
  health,
  grafana,
  diagnostics,
  dashboard,
  testing,
};

/** Returns every name that a door exports; types are marked. */
function exportedNames(door: string): string[] {
  const text = readFileSync(new URL(`../lib/${door}.ts`, import.meta.url), 'utf8');
  const { statements } = ts.createSourceFile('door.ts', text, ts.ScriptTarget.Latest);
  return statements
    .flatMap((statement) => {
      if (!ts.isExportDeclaration(statement))
        throw new Error(`${door}.ts holds logic: ${ts.SyntaxKind[statement.kind]}`);
      const { exportClause, isTypeOnly } = statement;
      if (exportClause === undefined || !ts.isNamedExports(exportClause))
        throw new Error(`${door}.ts exports a star`);
      return exportClause.elements.map(({ name, isTypeOnly: isType }) =>
        isTypeOnly || isType ? `type ${name.text}` : name.text,
      );
    })
    .toSorted();
}

const isType = (name: string): boolean => name.startsWith('type ');

describe('the public surface', () => {
  it.each(Object.keys(DOORS))(
    'of the door %s is what is listed here: a change of the list is a change for every user',
    (door) => {
      expect(exportedNames(door)).toMatchSnapshot();
    },
  );

  it.each(Object.entries(DOORS))(
    'of the door %s exists at run time as far as it is not types',
    (door, module) => {
      expect(Object.keys(module).toSorted()).toEqual(exportedNames(door).filter((name) => !isType(name)));
    },
  );

  it('of the main door is small: what few applications use has a door of its own', () => {
    const names = exportedNames('index');
    expect(names.filter((name) => !isType(name)).length).toBeLessThanOrEqual(40);
    expect(names.filter(isType).length).toBeLessThanOrEqual(90);
  });
});
