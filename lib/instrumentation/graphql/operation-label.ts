/** The `operation` of what could not be parsed or is no valid operation. */
export const INVALID_OPERATION = '<invalid>';
/** The `operation` of one that asks for several fields. */
export const SEVERAL_FIELDS = '<several>';

interface Selection {
  readonly kind: string;
  readonly name?: { readonly value: string };
  readonly selectionSet?: { readonly selections: readonly Selection[] };
}

/** What is used of the syntax tree of a document that has been found valid. */
export interface OperationNode extends Selection {
  readonly operation: string;
}

export interface DocumentNode {
  readonly definitions: readonly Selection[];
}

/**
 * What tells an operation in a label: its name, if that is one of those that are known; otherwise the field that it
 * asks for, of which there are as many as the schema has.
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

/** The operation of a document that is meant, if it can be told. */
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
