import { handOn } from '../completion.js';
import type { GraphQLRecorder, OpenSubscription } from './graphql-recorder.js';

type Resolve = (this: unknown, ...args: unknown[]) => unknown;

/** What Nest resolves the properties of a class by, which nobody has written a resolver for. */
const PROPERTY_RESOLVER = 'rootFieldResolver';

interface Field {
  resolve?: Resolve;
  subscribe?: Resolve;
}

interface ObjectType {
  readonly name: string;
  getFields(): Readonly<Record<string, Field>>;
}

/** What is used of a `GraphQLSchema`. */
export interface Schema {
  getSubscriptionType(): ObjectType | null | undefined;
  getTypeMap(): Readonly<Record<string, object>>;
}

export function isSchema(schema: unknown): schema is Schema {
  if (typeof schema !== 'object' || schema === null) return false;
  const { getSubscriptionType, getTypeMap } = schema as Partial<Schema>;
  return typeof getSubscriptionType === 'function' && typeof getTypeMap === 'function';
}

/**
 * Measures the subscriptions of a schema, by whatever protocol they come, and its resolvers if that is wanted.
 *
 * @returns how to give the schema back what it had
 */
export function measureSchema(schema: Schema, recorder: GraphQLRecorder): () => void {
  const restore: (() => void)[] = [];
  for (const [name, field] of Object.entries(schema.getSubscriptionType()?.getFields() ?? {})) {
    const { subscribe } = field;
    if (typeof subscribe !== 'function') continue;
    field.subscribe = measuredSubscribe(subscribe, name, recorder);
    restore.push(() => (field.subscribe = subscribe));
  }
  if (recorder.timesResolvers) {
    for (const type of Object.values(schema.getTypeMap())) {
      if (!isObjectType(type) || type.name.startsWith('__')) continue;
      for (const [name, field] of Object.entries(type.getFields())) {
        const { resolve } = field;
        if (typeof resolve !== 'function' || resolve.name === PROPERTY_RESOLVER) continue;
        field.resolve = measuredResolve(resolve, `${type.name}.${name}`, recorder);
        restore.push(() => (field.resolve = resolve));
      }
    }
  }
  return () => {
    for (const give of restore.splice(0)) give();
  };
}

/** Input types have fields too, which are not resolved. */
function isObjectType(type: object): type is ObjectType {
  return typeof (type as Partial<ObjectType>).getFields === 'function';
}

function measuredResolve(resolve: Resolve, field: string, recorder: GraphQLRecorder): Resolve {
  const measurement = {
    start: () => recorder.resolverStarted(),
    end: (startedAt: number, outcome: 'success' | 'error' | 'cancelled') =>
      recorder.resolverEnded(field, startedAt, outcome),
  };
  return function (...args) {
    const startedAt = measurement.start();
    let result: unknown;
    try {
      result = Reflect.apply(resolve, this, args);
    } catch (error) {
      measurement.end(startedAt, 'error');
      throw error;
    }
    return handOn(result, measurement, startedAt, false);
  };
}

function measuredSubscribe(subscribe: Resolve, field: string, recorder: GraphQLRecorder): Resolve {
  return async function (...args) {
    const subscription = recorder.subscribed(field);
    let events: unknown;
    try {
      events = await Reflect.apply(subscribe, this, args);
    } catch (error) {
      subscription.end('error');
      throw error;
    }
    if (isAsyncIterable(events)) return followEvents(events, subscription);
    // GraphQL refuses what is no stream.
    subscription.end('error');
    return events;
  };
}

function isAsyncIterable(events: unknown): events is AsyncIterable<unknown> {
  return (
    typeof events === 'object' &&
    events !== null &&
    typeof (events as Partial<AsyncIterable<unknown>>)[Symbol.asyncIterator] === 'function'
  );
}

function followEvents(
  events: AsyncIterable<unknown>,
  subscription: OpenSubscription,
): AsyncIterableIterator<unknown> {
  const source = events[Symbol.asyncIterator]();
  const failed = (error: unknown): never => {
    subscription.end('error');
    throw error;
  };
  const followed: AsyncIterableIterator<unknown> = {
    next: () =>
      source.next().then((step) => {
        if (step.done === true) subscription.end('success');
        else subscription.sent();
        return step;
      }, failed),
    return: async (value?: unknown) => {
      subscription.end('cancelled');
      return (await source.return?.(value)) ?? { done: true, value };
    },
    throw: async (error: unknown) => {
      subscription.end('error');
      if (source.throw === undefined) throw error;
      return source.throw(error);
    },
    [Symbol.asyncIterator]: () => followed,
  };
  return followed;
}
