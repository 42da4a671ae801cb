import { closingBracket, codeOf, insertFirst, outerCode } from './source-text.js';

/** The class of the root module, and the file that declares it, without its extension. */
export interface RootModule {
  readonly name: string;
  /** Path as in the import: from the entry file, such as `./app.module`, or from the root, such as `src/app.module`. */
  readonly path: string;
}

/** An error for a source that cannot be changed safely; its message is the reason. */
export class UnknownSource extends Error {
  override readonly name = 'UnknownSource';
}

const PACKAGE = 'nestjs-monitoring';
const MODULE = 'MonitoringModule';
const CREATE = /\bNestFactory\s*\.\s*create\w*\s*(?:<[^()]*>)?\(\s*([\w$]+)/;
const IMPORT = /^import\s+([\w$]+)?\s*,?\s*(?:\{([^}]*)\})?\s*from\s*(["'])([^"']+)\3/gm;
const NEST_IMPORT =
  /^import\s*\{[^}]*\bModule\b[^}]*\}\s*from\s*(["'])@nestjs\/common\1(;?)[^\r\n]*(\r?\n|$)/gm;

/** Returns the root module that an entry file passes to `NestFactory`; undefined if it cannot be determined. */
export function rootModuleIn(entry: string): RootModule | undefined {
  const [, local] = CREATE.exec(codeOf(entry)) ?? [];
  if (local === undefined) return undefined;
  for (const [, whole, names = '', , path = ''] of statementsIn(entry, IMPORT)) {
    const root = { path: path.replace(/\.[jt]s$/, '') };
    if (whole === local) return { ...root, name: whole };
    for (const specifier of names.split(',')) {
      const [name = '', alias = name] = specifier.trim().split(/\s+as\s+/);
      if (alias === local) return { ...root, name };
    }
  }
  return undefined;
}

/** Returns the matches of an import statement that are not in a comment. */
function statementsIn(source: string, statement: RegExp): RegExpExecArray[] {
  const code = codeOf(source);
  return [...source.matchAll(statement)].filter(({ index }) => code.startsWith('import', index));
}

/**
 * Returns the source of a module with `MonitoringModule` among its imports; the same source if it has the import already.
 *
 * @param name class of the module
 * @throws {UnknownSource} if the module is not written as Nest documents it
 */
export function importMonitoring(source: string, name: string): string {
  const code = codeOf(source);
  const uses = code.match(new RegExp(`\\b${MODULE}\\b`, 'g'))?.length ?? 0;
  if (uses === 0) return withImportStatement(withModule(source, code, name));
  const imported = statementsIn(source, IMPORT).find(
    ([statement, , , , path]) => path === PACKAGE && statement.includes(MODULE),
  );
  if (imported === undefined) throw new UnknownSource(`the name ${MODULE} is in use`);
  const isUsed = uses > 1 || imported[0].includes(`${MODULE} as `);
  return isUsed ? source : withModule(source, code, name);
}

function withModule(source: string, code: string, name: string): string {
  const [open, close] = argumentsOfDecorator(code, name);
  const argument = code.slice(open + 1, close).trim();
  if (argument === '') return insertFirst(source, open, close, `{ imports: [${MODULE}.forRoot()] }`);
  const objectOpen = code.indexOf('{', open);
  const objectClose = closingBracket(code, objectOpen);
  if (!argument.startsWith('{') || !/^[\s,]*$/.test(code.slice(objectClose + 1, close))) {
    throw new UnknownSource('the argument of @Module() is not an object literal');
  }
  const properties = outerCode(code.slice(objectOpen + 1, objectClose));
  const imports = /(?:^|,)\s*imports\b/.exec(properties);
  if (imports === null) {
    if (properties.includes('...') || /["']imports["']/.test(source.slice(objectOpen, objectClose))) {
      throw new UnknownSource('the imports of the module cannot be determined');
    }
    return insertFirst(source, objectOpen, objectClose, `imports: [${MODULE}.forRoot()]`);
  }
  const after = objectOpen + 1 + imports.index + imports[0].length;
  const [colon] = /^\s*:\s*(?=\[)/.exec(code.slice(after)) ?? [];
  const listOpen = after + (colon?.length ?? 0);
  const listClose = closingBracket(code, listOpen);
  if (colon === undefined || !/^\s*(?:,|$)/.test(code.slice(listClose + 1, objectClose))) {
    throw new UnknownSource('the imports of the module are not an array literal');
  }
  return insertFirst(source, listOpen, listClose, `${MODULE}.forRoot()`);
}

/** Returns the positions of the parentheses of `@Module(…)` on a class. */
function argumentsOfDecorator(code: string, name: string): [open: number, close: number] {
  for (const { index, 0: text } of code.matchAll(/@Module\s*\(/g)) {
    const open = index + text.length - 1;
    const close = closingBracket(code, open);
    const [, className] = /\bclass\s+([\w$]+)/.exec(code.slice(close)) ?? [];
    if (close > open && className === name) return [open, close];
  }
  throw new UnknownSource(`it has no @Module() class ${name}`);
}

/** Adds the import statement after that of Nest, with the same quotes, semicolon and line end. */
function withImportStatement(source: string): string {
  const [statement] = statementsIn(source, NEST_IMPORT);
  if (statement === undefined) throw new UnknownSource('it does not import Module from @nestjs/common');
  const { 0: text, 1: quote = "'", 2: semicolon = '', 3: lineEnd = '\n', index } = statement;
  const end = index + text.length;
  const added = `import { ${MODULE} } from ${quote}${PACKAGE}${quote}${semicolon}${lineEnd}`;
  return source.slice(0, end) + added + source.slice(end);
}
