import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { compileFunction } from 'node:vm';
import ts from 'typescript';

/**
 * Returns what a file of the library exports in a bundle that an application makes of it in CommonJS. The bundlers that do
 * so, such as esbuild, leave `import.meta` empty.
 *
 * @param path of a file that imports nothing but modules of Node
 */
export function loadWithoutImportMeta<Exports>(path: string): Exports {
  const { outputText } = ts.transpileModule(readFileSync(path, 'utf8').replaceAll('import.meta', '({})'), {
    compilerOptions: { module: ts.ModuleKind.CommonJS, target: ts.ScriptTarget.ES2022 },
  });
  const exported = {};
  const wrapper = compileFunction(outputText, [
    'exports',
    'require',
    '__filename',
    '__dirname',
  ]) as CallableFunction;
  wrapper(exported, createRequire(path), path, dirname(path));
  return exported as Exports;
}
