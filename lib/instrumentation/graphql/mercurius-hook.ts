import type { Guard } from '../../primitives/guard.js';
import { patchMethod } from '../../primitives/method-patch.js';
import type { GraphQLRecorder, OpenOperation } from './graphql-recorder.js';
import { type DocumentNode, operationOf } from './operation-label.js';

/** What Mercurius puts on the Fastify instance: it answers one operation. */
export interface MercuriusExecute {
  (source: unknown, context?: object, variables?: unknown, operationName?: unknown): Promise<unknown>;
  addHook(
    name: 'preExecution',
    hook: (schema: unknown, document: DocumentNode, context: object) => Promise<void>,
  ): void;
}

interface FastifyWithMercurius {
  graphql: MercuriusExecute;
}

interface Begun {
  readonly open: OpenOperation;
  readonly operationName: unknown;
}

export function hasMercurius(framework: unknown): framework is FastifyWithMercurius {
  if (typeof framework !== 'object' || framework === null) return false;
  const { graphql } = framework as Partial<FastifyWithMercurius>;
  return typeof graphql === 'function' && typeof graphql.addHook === 'function';
}

/**
 * Tells the recorder of each operation that Mercurius answers: its hooks alone do not hear of those that cannot be
 * parsed or are not valid.
 */
export function measureMercurius(
  fastify: FastifyWithMercurius,
  recorder: GraphQLRecorder,
  guard: Guard,
): void {
  const begun = new WeakMap<object, Begun>();
  // It comes here when the document has been found valid.
  fastify.graphql.addHook('preExecution', async (_schema, document, context) => {
    guard.run(() => {
      const operation = begun.get(context);
      const parsed = operation && operationOf(document, operation.operationName);
      if (operation !== undefined && parsed !== undefined) {
        operation.open.parsed = { operation: parsed, document };
      }
    });
  });
  patchMethod(fastify, 'graphql', guard, ([source, given, variables, operationName, ...more]) => {
    const context = given ?? {};
    const open = recorder.begin();
    begun.set(context, { open, operationName });
    return {
      args: [source, context, variables, operationName, ...more],
      fulfilled: (execution) =>
        open.end((execution as { errors?: readonly unknown[] } | undefined)?.errors ?? []),
      rejected: (error) => open.end([error]),
      threw: (error) => open.end([error]),
    };
  });
}
