import { join } from 'node:path';
import ts from 'typescript';
import { ROOT } from './built.js';

/** The file with the types of the JSON, in the folder of this one. */
const TYPES = join(ROOT, 'test/services/support/grafana-json.ts');
const OPTIONS: ts.CompilerOptions = {
  strict: true,
  exactOptionalPropertyTypes: true,
  noEmit: true,
  skipLibCheck: true,
  target: ts.ScriptTarget.ESNext,
  module: ts.ModuleKind.NodeNext,
  moduleResolution: ts.ModuleResolutionKind.NodeNext,
  types: [],
  // Nothing of the browser.
  lib: ['lib.es2022.d.ts'],
};

/**
 * Checks dashboards against the types that Grafana generates from its schema: every property must exist there, and have a
 * value of its type.
 *
 * @returns what is wrong, none if all is well
 */
export function schemaErrors(dashboards: Readonly<Record<string, unknown>>): string[] {
  const files = new Map(
    Object.entries(dashboards).map(([name, dashboard]) => [
      join(ROOT, `test/services/support/${name}.grafana.ts`),
      `import type { DashboardJson } from './grafana-json.js';\nexport const dashboard: DashboardJson = ${JSON.stringify(dashboard, null, 1)};\n`,
    ]),
  );
  const host = ts.createCompilerHost(OPTIONS);
  const readFile = host.readFile.bind(host);
  const fileExists = host.fileExists.bind(host);
  const getSourceFile = host.getSourceFile.bind(host);
  host.readFile = (path) => files.get(path) ?? readFile(path);
  host.fileExists = (path) => files.has(path) || fileExists(path);
  host.getSourceFile = (path, version, ...rest) => {
    const text = files.get(path);
    return text === undefined
      ? getSourceFile(path, version, ...rest)
      : ts.createSourceFile(path, text, version);
  };
  const program = ts.createProgram([TYPES, ...files.keys()], OPTIONS, host);
  return ts.getPreEmitDiagnostics(program).map(({ file, start, messageText }) => {
    const line = file?.text.slice(start).split('\n', 1)[0] ?? '';
    return `${file?.fileName ?? ''}: ${line.trim()}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`;
  });
}
