import { type Measurement, trackCompletion } from '../../primitives/completion.js';
import { type Guard, isThenable } from '../../primitives/guard.js';
import { type AnyIterator, followIterator, type IterationObserver } from '../../primitives/iterator.js';
import { type CallObserver, patchMethod } from '../../primitives/method-patch.js';
import { standIn } from '../../primitives/stand-in.js';
import { followThenable } from '../../primitives/thenable.js';
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
 * @returns a function that gives the schema back what it had
 */
export function measureSchema(schema: Schema, recorder: GraphQLRecorder, guard: Guard): () => void {
  const restore: (() => void)[] = [];
  for (const [name, field] of Object.entries(schema.getSubscriptionType()?.getFields() ?? {})) {
    restore.push(patchMethod(field, 'subscribe', guard, () => observedSubscription(name, recorder, guard)));
  }
  if (recorder.timesResolvers) {
    for (const type of Object.values(schema.getTypeMap())) {
      if (!isObjectType(type) || type.name.startsWith('__')) continue;
      for (const [name, field] of Object.entries(type.getFields())) {
        if (field.resolve === undefined || field.resolve.name === PROPERTY_RESOLVER) continue;
        const measurement = resolverMeasurement(recorder.fieldOf(`${type.name}.${name}`), recorder, guard);
        restore.push(patchMethod(field, 'resolve', guard, () => observedResolver(measurement)));
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

function resolverMeasurement(field: string, recorder: GraphQLRecorder, guard: Guard): Measurement {
  return {
    guard,
    start: () => recorder.resolverStarted(),
    end: (startedAt, outcome) => recorder.resolverEnded(field, startedAt, outcome),
  };
}

function observedResolver(measurement: Measurement): CallObserver {
  const startedAt = measurement.start();
  return {
    threw: (error) => measurement.end(startedAt, 'error', error),
    replaceResult: (result) => trackCompletion(result, measurement, startedAt),
  };
}

function observedSubscription(field: string, recorder: GraphQLRecorder, guard: Guard): CallObserver {
  const subscription = recorder.subscribed(field);
  const observer = {
    replaceValue: (events: unknown) => followEvents(events, subscription, guard),
    rejected: () => subscription.end('error'),
  };
  return {
    threw: () => subscription.end('error'),
    replaceResult: (result) =>
      isThenable(result)
        ? (followThenable(result, observer, guard) ?? result)
        : followEvents(result, subscription, guard),
  };
}

function followEvents(events: unknown, subscription: OpenSubscription, guard: Guard): unknown {
  if (!isAsyncIterable(events)) {
    // GraphQL refuses what is no stream.
    subscription.end('error');
    return events;
  }
  const observer: IterationObserver = {
    given: () => subscription.sent(),
    // A stream that waits for its next event may never be told.
    stopping: () => subscription.end('cancelled'),
    ended: (outcome) => subscription.end(outcome),
  };
  const follow = <T extends AnyIterator>(iterator: T): T =>
    followIterator(iterator, true, observer, guard) ?? iterator;
  if (typeof (events as Partial<AnyIterator>).next === 'function') {
    return follow(events as AsyncIterable<unknown> & AnyIterator);
  }
  return standIn(events, { [Symbol.asyncIterator]: () => follow(events[Symbol.asyncIterator]()) }) ?? events;
}

function isAsyncIterable(events: unknown): events is AsyncIterable<unknown> {
  return (
    typeof events === 'object' &&
    events !== null &&
    typeof (events as Partial<AsyncIterable<unknown>>)[Symbol.asyncIterator] === 'function'
  );
}
