import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import * as nest from '@nestjs/common';
import ts from 'typescript';
import type { CodeBlock } from './code-blocks.js';
import { ROOT } from './documents.js';

/** The kinds of application that a block is compiled for. */
export type ApplicationKind = 'ES modules, strict' | 'CommonJS';

/**
 * Where the names come from that a block uses without a word about them: what the reader has imported, and what the
 * text around it speaks of. The first that has a name wins.
 */
const SOURCES: ReadonlyMap<string, ReadonlySet<string>> = new Map([
  ['nestjs-monitoring', exportedNames('lib/index.ts')],
  ...['testing', 'metrics', 'exporters', 'alerting', 'health', 'grafana', 'diagnostics', 'dashboard'].map(
    (door) => [`nestjs-monitoring/${door}`, exportedNames(`lib/${door}.ts`)] as const,
  ),
  ['@nestjs/common', new Set(Object.keys(nest))],
  ['@nestjs/testing', new Set(['Test'])],
  ['./surroundings.js', exportedNames('test/documents/surroundings.ts')],
]);

/** The types of packages that the repository does not install. */
const ABSENT_PACKAGES = resolve(import.meta.dirname, 'absent-packages.d.ts');

/** Complaints about statements that stand outside of a function here, and in one where they are used. */
const TOP_LEVEL_AWAIT: ReadonlySet<number> = new Set([1309, 1375, 1378, 1432]);

/**
 * Checks the types of blocks, all in one program.
 *
 * @returns what the compiler says, by the place of the block
 */
export function checkCodeBlocks(
  blocks: readonly CodeBlock[],
  kind: ApplicationKind = 'ES modules, strict',
): Map<string, string[]> {
  const options = kind === 'CommonJS' ? commonJsOptions() : strictOptions();
  const texts = new Map(
    blocks.map((block, i) => [
      fileOf(block, i),
      kind === 'CommonJS' ? completed(block) : withExtensions(completed(block)),
    ]),
  );
  const host = ts.createCompilerHost(options);
  const disk = { ...host };
  // A block may be in a folder that there is not, either.
  host.directoryExists = () => true;
  host.fileExists = (path) => texts.has(path) || disk.fileExists(path);
  host.readFile = (path) => texts.get(path) ?? disk.readFile(path);
  host.getSourceFile = (path, version, ...more) => {
    const text = texts.get(path);
    return text === undefined
      ? disk.getSourceFile(path, version, ...more)
      : ts.createSourceFile(path, text, version, true);
  };
  const program = ts.createProgram([...texts.keys(), ABSENT_PACKAGES], options, host);
  return new Map(
    blocks.map((block, i) => {
      const file = program.getSourceFile(fileOf(block, i));
      const found = [...program.getSyntacticDiagnostics(file), ...program.getSemanticDiagnostics(file)];
      const relevant = found.filter(({ code }) => kind !== 'CommonJS' || !TOP_LEVEL_AWAIT.has(code));
      return [block.place, relevant.map(describeDiagnostic)];
    }),
  );
}

/** Beside the surroundings, unless it says where it would be; there is no such file. */
function fileOf({ path }: CodeBlock, index: number): string {
  return path === undefined ? resolve(import.meta.dirname, `block-${index}.ts`) : resolve(ROOT, path);
}

/** The options of this repository, without what only concerns whole files. */
function strictOptions(): ts.CompilerOptions {
  return {
    ...readOptions(),
    noEmit: true,
    noUnusedLocals: false,
    noUnusedParameters: false,
    isolatedModules: false,
    verbatimModuleSyntax: false,
  };
}

/** The options of an application on Nest 11 that is compiled to CommonJS. */
function commonJsOptions(): ts.CompilerOptions {
  const { lib, types, paths } = readOptions();
  return {
    module: ts.ModuleKind.CommonJS,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
    target: ts.ScriptTarget.ES2023,
    ...(lib && { lib }),
    ...(types && { types }),
    ...(paths && { paths, pathsBasePath: ROOT }),
    esModuleInterop: true,
    isolatedModules: true,
    emitDecoratorMetadata: true,
    experimentalDecorators: true,
    strict: false,
    strictNullChecks: true,
    skipLibCheck: true,
    noEmit: true,
  };
}

/** The text with the endings that ES modules need on relative imports. */
function withExtensions(text: string): string {
  return text.replaceAll(/(from ')(\.{1,2}\/[^']*?)(?:\.js)?'/g, "$1$2.js'");
}

function readOptions(): ts.CompilerOptions {
  const path = resolve(ROOT, 'tsconfig.json');
  const { config } = ts.readConfigFile(path, (file) => ts.sys.readFile(file)) as { config: unknown };
  return ts.parseJsonConfigFileContent(config, ts.sys, dirname(path)).options;
}

function exportedNames(path: string): Set<string> {
  const text = readFileSync(resolve(ROOT, path), 'utf8');
  return new Set(ts.createSourceFile(path, text, ts.ScriptTarget.Latest).statements.flatMap(declaredNames));
}

/** What Jest and Vitest define for the tests of an application, and for those of this repository only an import does. */
const TEST_GLOBALS = "import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';";

/** The block with the imports that it leaves out, on its first line, and with something for each ellipsis. */
function completed({ code, path }: CodeBlock): string {
  if (path !== undefined) {
    return `${path.endsWith('.spec.ts') && !code.includes('@jest/globals') ? TEST_GLOBALS : ''}\n${code}`;
  }
  const body = code
    .replaceAll(/(class [^{\n]*)\{ … \}/g, '$1{}')
    .replaceAll('{ … }', '{ throw new Error(); }')
    .replaceAll('=> …', '=> undefined as never');
  const source = ts.createSourceFile('block.ts', body, ts.ScriptTarget.Latest, true);
  const own = new Set(source.statements.flatMap(declaredNames));
  const open = new Set([...identifiersIn(source)].filter((name) => !own.has(name)));
  const imports: string[] = [];
  for (const [specifier, exported] of SOURCES) {
    const found = [...open].filter((name) => exported.has(name));
    for (const name of found) open.delete(name);
    if (found.length > 0) imports.push(`import { ${found.join(', ')} } from '${specifier}';`);
  }
  return `${imports.join(' ')} export {};\n${body}`;
}

function declaredNames(statement: ts.Statement): string[] {
  if (ts.isVariableStatement(statement)) {
    return statement.declarationList.declarations.flatMap(({ name }) => namesIn(name));
  }
  if (ts.isImportDeclaration(statement)) return namesIn(statement.importClause);
  if (ts.isExportDeclaration(statement)) return namesIn(statement.exportClause);
  const name = (statement as { name?: ts.Node }).name;
  return name !== undefined && ts.isIdentifier(name) ? [name.text] : [];
}

function namesIn(node: ts.Node | undefined): string[] {
  return node === undefined ? [] : [...identifiersIn(node)];
}

function identifiersIn(node: ts.Node): Set<string> {
  const found = new Set<string>();
  const visit = (child: ts.Node): void => {
    if (ts.isIdentifier(child)) found.add(child.text);
    ts.forEachChild(child, visit);
  };
  visit(node);
  return found;
}

function describeDiagnostic({ file, start, messageText }: ts.Diagnostic): string {
  const message = ts.flattenDiagnosticMessageText(messageText, '\n');
  if (file === undefined || start === undefined) return message;
  const line = file.getLineAndCharacterOfPosition(start).line;
  return `line ${line} (${file.text.split('\n')[line]?.trim()}): ${message}`;
}
