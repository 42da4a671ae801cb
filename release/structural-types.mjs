import ts from 'typescript';

const { ModifierFlags, ScriptTarget } = ts;

/**
 * Returns declarations without the private and protected members of their classes. TypeScript compares a class that has one by its
 * declaration, so that an instance of the CommonJS copy of a class would be no instance of its copy for ES modules, though
 * it has all that is public. Private constructors stay, since nobody may call them.
 *
 * @param {string} code of a file of declarations
 * @returns {string}
 */
export function withoutPrivateMembers(code) {
  const source = ts.createSourceFile('declarations.d.ts', code, ScriptTarget.Latest);
  const removed = [];
  const visit = (node) => {
    if (!ts.isClassDeclaration(node)) return;
    for (const member of node.members) if (isPrivate(member)) removed.push(member);
  };
  ts.forEachChild(source, visit);
  return removed.reduceRight((text, { pos, end }) => text.slice(0, pos) + text.slice(end), code);
}

function isPrivate(member) {
  if (ts.isConstructorDeclaration(member)) return false;
  const isHash = member.name !== undefined && ts.isPrivateIdentifier(member.name);
  const hidden = ModifierFlags.Private | ModifierFlags.Protected;
  return isHash || (ts.getCombinedModifierFlags(member) & hidden) !== 0;
}
