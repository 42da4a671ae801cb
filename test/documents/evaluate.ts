import ts from 'typescript';

/** Returns the value of an expression in TypeScript, with values for the names that it uses. */
export function evaluate<T>(expression: string, values: Readonly<Record<string, unknown>>): T {
  const { outputText } = ts.transpileModule(`result = ${expression};`, {
    compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext },
  });
  const body = `let result; ${outputText} return result;`;
  // oxlint-disable-next-line no-implied-eval -- the code of the documents of this repository
  return new Function(...Object.keys(values), body)(...Object.values(values)) as T;
}
