/** The `operation` of a document that cannot be parsed or is invalid. */
export const INVALID_OPERATION = '<invalid>';
/** The `operation` of an unnamed operation with several root fields. */
const SEVERAL_FIELDS = '<several>';

interface Selection {
  readonly kind: string;
  readonly name?: { readonly value: string };
  readonly selectionSet?: { readonly selections: readonly Selection[] };
}

/** The part of the syntax tree of a valid document that is used. */
export interface OperationNode extends Selection {
  readonly operation: string;
}

export interface DocumentNode {
  readonly definitions: readonly Selection[];
}

/**
 * Returns the label value of an operation: its name if that is known, or else its root field. The schema bounds the
 * number of root fields.
 */
export function operationLabel(
  operation: OperationNode,
  document: DocumentNode,
  knownNames: ReadonlySet<string>,
): string {
  const name = operation.name?.value;
  if (name !== undefined && knownNames.has(name)) return name;
  const fields = new Set<string>();
  collectFields(operation, document, fields, new Set());
  if (fields.size > 1) fields.delete('__typename');
  const [only] = fields;
  return fields.size === 1 && only !== undefined ? only : SEVERAL_FIELDS;
}

/** Returns the operation of a document with this name, or the first one for an empty name. */
export function operationOf(document: DocumentNode, name: unknown): OperationNode | undefined {
  const operations = document.definitions.filter((definition) => definition.kind === 'OperationDefinition');
  const found =
    typeof name === 'string' && name !== ''
      ? operations.find((operation) => operation.name?.value === name)
      : operations[0];
  return found as OperationNode | undefined;
}

function collectFields(
  { selectionSet }: Selection,
  document: DocumentNode,
  fields: Set<string>,
  fragments: Set<string>,
): void {
  for (const selection of selectionSet?.selections ?? []) {
    const name = selection.name?.value ?? '';
    if (selection.kind === 'Field') fields.add(name);
    else if (selection.kind === 'InlineFragment') collectFields(selection, document, fields, fragments);
    else if (!fragments.has(name)) {
      fragments.add(name);
      const fragment = document.definitions.find(
        (definition) => definition.kind === 'FragmentDefinition' && definition.name?.value === name,
      );
      if (fragment !== undefined) collectFields(fragment, document, fields, fragments);
    }
  }
}
