import type { Guard } from '../../primitives/guard.js';
import { patchMethod } from '../../primitives/method-patch.js';
import type { GraphQLRecorder, OpenOperation } from './graphql.recorder.js';
import { type DocumentNode, operationOf } from './operation-label.js';

/** The function with which Mercurius decorates the Fastify instance, and which executes one operation. */
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

interface PendingOperation {
  readonly open: OpenOperation;
  readonly operationName: unknown;
}

/** Returns true for a Fastify instance with Mercurius. */
export function hasMercurius(framework: unknown): framework is FastifyWithMercurius {
  if (typeof framework !== 'object' || framework === null) return false;
  const { graphql } = framework as Partial<FastifyWithMercurius>;
  return typeof graphql === 'function' && typeof graphql.addHook === 'function';
}

/**
 * Records each operation that Mercurius executes. It patches `graphql()`, because hooks are not called for operations
 * that cannot be parsed or are invalid.
 */
export function measureMercurius(
  fastify: FastifyWithMercurius,
  recorder: GraphQLRecorder,
  guard: Guard,
): void {
  const operations = new WeakMap<object, PendingOperation>();
  // Mercurius calls this hook once the document is valid.
  fastify.graphql.addHook('preExecution', async (_schema, document, context) => {
    guard.run(() => {
      const operation = operations.get(context);
      const parsed = operation && operationOf(document, operation.operationName);
      if (operation !== undefined && parsed !== undefined) {
        operation.open.parsed = { operation: parsed, document };
      }
    });
  });
  patchMethod(fastify, 'graphql', guard, ([source, callerContext, variables, operationName, ...more]) => {
    const context = callerContext ?? {};
    const open = recorder.operationStarted();
    operations.set(context, { open, operationName });
    return {
      args: [source, context, variables, operationName, ...more],
      scope: open.run,
      fulfilled: (execution) =>
        open.end((execution as { errors?: readonly unknown[] } | undefined)?.errors ?? []),
      rejected: (error) => open.end([error]),
      threw: (error) => open.end([error]),
    };
  });
}
