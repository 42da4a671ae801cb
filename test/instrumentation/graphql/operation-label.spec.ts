import { parse } from 'graphql';
import { describe, expect, it } from '@jest/globals';
import { operationLabel, operationOf } from '../../../lib/instrumentation/graphql/operation-label.js';

function labelOf(text: string, known: string[] = [], name = ''): string | undefined {
  const document = parse(text);
  const operation = operationOf(document, name);
  return operation && operationLabel(operation, document, new Set(known));
}

describe('the label of a GraphQL operation', () => {
  it('is its name if that is known, which a client cannot choose freely', () => {
    expect(labelOf('query Orders { orders { id } }', ['Orders'])).toBe('Orders');
    expect(labelOf('query Random123 { orders { id } }', ['Orders'])).toBe('orders');
  });

  it('is the root field without its alias, also behind fragments', () => {
    expect(labelOf('{ mine: orders { id } }')).toBe('orders');
    expect(labelOf('{ ...F } fragment F on Query { ... on Query { orders { id } } __typename }')).toBe(
      'orders',
    );
    expect(labelOf('{ __typename }')).toBe('__typename');
  });

  it('is one for all operations with several root fields', () => {
    expect(labelOf('{ orders { id } users { id } }')).toBe('<several>');
  });

  it('ends for fragments that contain each other', () => {
    expect(labelOf('{ ...A } fragment A on Query { ...B orders } fragment B on Query { ...A }')).toBe(
      'orders',
    );
  });

  it('is that of the operation which the request names', () => {
    const text = 'query A { orders } query B { users }';
    expect([labelOf(text, [], 'B'), labelOf(text), labelOf(text, [], 'C')]).toEqual([
      'users',
      'orders',
      undefined,
    ]);
  });
});
