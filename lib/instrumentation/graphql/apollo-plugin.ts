import type { Guard } from '../../primitives/guard.js';
import type { GraphQLRecorder, OpenOperation } from './graphql.recorder.js';
import type { DocumentNode, OperationNode } from './operation-label.js';

/** The part of the Apollo Server request context that is used. */
interface RequestContext {
  readonly operation?: OperationNode;
  readonly document?: DocumentNode;
  readonly errors?: readonly unknown[];
  readonly response?: {
    readonly body?: {
      readonly singleResult?: { readonly errors?: readonly unknown[] };
      readonly initialResult?: { readonly errors?: readonly unknown[] };
    };
  };
}

interface RequestListener {
  willSendResponse(context: RequestContext): Promise<void>;
}

/** The part of the Apollo Server plugin interface that is implemented. */
export interface ApolloPlugin {
  requestDidStart(context: RequestContext): Promise<RequestListener>;
  unexpectedErrorProcessingRequest(failure: {
    readonly requestContext: RequestContext;
    readonly error: unknown;
  }): Promise<void>;
}

/** Returns a plugin that records each operation that Apollo Server executes, over every protocol. */
export function apolloPlugin(recorder: GraphQLRecorder, guard: Guard): ApolloPlugin {
  const openOperations = new WeakMap<object, OpenOperation>();
  const end = (context: RequestContext, errors: readonly unknown[], causes = errors): void => {
    const open = openOperations.get(context);
    if (open === undefined) return;
    const { operation, document } = context;
    // Apollo Server sets the operation once the document is valid.
    if (operation !== undefined && document !== undefined) open.parsed = { operation, document };
    open.end(errors, causes);
  };
  return {
    requestDidStart: async (context) => {
      guard.run(() => {
        const open = recorder.operationStarted();
        openOperations.set(context, open);
        open.run?.enter();
      });
      return {
        willSendResponse: async (responseContext) => {
          guard.run(() => {
            const { body } = responseContext.response ?? {};
            const errors = body?.singleResult?.errors ?? body?.initialResult?.errors ?? [];
            end(responseContext, errors, responseContext.errors);
          });
        },
      };
    },
    unexpectedErrorProcessingRequest: async ({ requestContext, error }) =>
      guard.run(() => end(requestContext, [error])),
  };
}
