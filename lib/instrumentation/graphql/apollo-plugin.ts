import type { Guard } from '../../primitives/guard.js';
import type { GraphQLRecorder, OpenOperation } from './graphql-recorder.js';
import type { DocumentNode, OperationNode } from './operation-label.js';

/** What is used of the context that Apollo Server has of a request. */
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

/** A plugin of Apollo Server. */
export interface ApolloPlugin {
  requestDidStart(context: RequestContext): Promise<RequestListener>;
  unexpectedErrorProcessingRequest(failure: {
    readonly requestContext: RequestContext;
    readonly error: unknown;
  }): Promise<void>;
}

/** Tells the recorder of each operation that Apollo Server answers, in whatever way. */
export function apolloPlugin(recorder: GraphQLRecorder, guard: Guard): ApolloPlugin {
  const begun = new WeakMap<object, OpenOperation>();
  const end = (context: RequestContext, errors: readonly unknown[]): void => {
    const open = begun.get(context);
    if (open === undefined) return;
    const { operation, document } = context;
    // Apollo Server names the operation when the document has been found valid.
    if (operation !== undefined && document !== undefined) open.parsed = { operation, document };
    open.end(errors);
  };
  return {
    requestDidStart: async (context) => {
      guard.run(() => begun.set(context, recorder.begin()));
      return {
        willSendResponse: async (answered) => {
          guard.run(() => {
            const { body } = answered.response ?? {};
            end(answered, body?.singleResult?.errors ?? body?.initialResult?.errors ?? []);
          });
        },
      };
    },
    unexpectedErrorProcessingRequest: async ({ requestContext, error }) =>
      guard.run(() => end(requestContext, [error])),
  };
}
