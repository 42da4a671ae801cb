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
export function measureMercurius(fastify: FastifyWithMercurius, recorder: GraphQLRecorder): void {
  const begun = new WeakMap<object, Begun>();
  const execute = fastify.graphql;
  // It comes here when the document has been found valid.
  execute.addHook('preExecution', async (_schema, document, context) => {
    const operation = begun.get(context);
    const parsed = operation && operationOf(document, operation.operationName);
    if (operation !== undefined && parsed !== undefined) {
      operation.open.parsed = { operation: parsed, document };
    }
  });
  fastify.graphql = new Proxy(execute, {
    apply: (target, self, [source, given, variables, operationName]: Parameters<MercuriusExecute>) => {
      const context = given ?? {};
      const open = recorder.begin();
      begun.set(context, { open, operationName });
      return Reflect.apply(target, self, [source, context, variables, operationName]).then(
        (execution) => {
          open.end((execution as { errors?: readonly unknown[] } | undefined)?.errors ?? []);
          return execution;
        },
        (error: unknown) => {
          open.end([error]);
          throw error;
        },
      );
    },
  });
}
