import ts from 'typescript';

/**
 * Makes regular expressions with classes of Unicode where they are used: V8 compiles a literal when it reads the file, even
 * within a function that nobody calls. Each one must be the body of an arrow function of `onFirstUse()`, since it would
 * otherwise be compiled at each use.
 *
 * @param {ts.TransformationContext} context
 * @returns {(file: ts.SourceFile) => ts.SourceFile}
 * @throws {Error} for a literal that stands elsewhere
 */
export function lateUnicodeClasses(context) {
  const { factory } = context;
  const visitIn = (parents) => (node) => {
    if (!ts.isRegularExpressionLiteral(node) || !node.text.includes('\\p{'))
      return ts.visitEachChild(node, visitIn([node, ...parents]), context);
    if (!isMadeOnFirstUse(parents))
      throw new Error(
        `The regular expression ${node.text} would be compiled at each use. Make it with onFirstUse(() => ${node.text}).`,
      );
    const end = node.text.lastIndexOf('/');
    const parts = [node.text.slice(1, end), node.text.slice(end + 1)];
    return factory.createNewExpression(
      factory.createIdentifier('RegExp'),
      undefined,
      parts.map((part) => factory.createStringLiteral(part)),
    );
  };
  return (file) => ts.visitEachChild(file, visitIn([]), context);
}

/** A bundle has `onFirstUse()`, `onFirstUse$1()` or, in CommonJS, `core.onFirstUse()`. */
function isMadeOnFirstUse([arrow, call]) {
  if (arrow === undefined || !ts.isArrowFunction(arrow) || call === undefined || !ts.isCallExpression(call))
    return false;
  const { expression } = call;
  const name = ts.isPropertyAccessExpression(expression) ? expression.name : expression;
  return ts.isIdentifier(name) && /^onFirstUse(?:\$\d+)?$/.test(name.text);
}
