import { type Measurement, trackCompletion } from '../../primitives/track-completion.js';
import { type Guard, isThenable } from '../../primitives/guard.js';
import {
  type AnyIterator,
  followIterator,
  type IterationObserver,
} from '../../primitives/follow-iterator.js';
import { type CallObserver, patchMethod } from '../../primitives/method-patch.js';
import { overridingProxy } from '../../primitives/overriding-proxy.js';
import { followThenable } from '../../primitives/follow-thenable.js';
import type { GraphQLRecorder, OpenSubscription } from './graphql.recorder.js';

type Resolve = (this: unknown, ...args: unknown[]) => unknown;

/** The name of the resolver that Nest adds to a property without a resolver of the application. */
const PROPERTY_RESOLVER = 'rootFieldResolver';

interface Field {
  resolve?: Resolve;
  subscribe?: Resolve;
}

interface ObjectType {
  readonly name: string;
  getFields(): Readonly<Record<string, Field>>;
}

/** The part of a `GraphQLSchema` that is used. */
export interface Schema {
  getSubscriptionType(): ObjectType | null | undefined;
  getTypeMap(): Readonly<Record<string, object>>;
}

/** Returns true for a `GraphQLSchema`. */
export function isSchema(schema: unknown): schema is Schema {
  if (typeof schema !== 'object' || schema === null) return false;
  const { getSubscriptionType, getTypeMap } = schema as Partial<Schema>;
  return typeof getSubscriptionType === 'function' && typeof getTypeMap === 'function';
}

/**
 * Measures the subscriptions of a schema, over every protocol, and its resolvers if that is enabled.
 *
 * @returns a function that restores the schema
 */
export function measureSchema(schema: Schema, recorder: GraphQLRecorder, guard: Guard): () => void {
  const restore: (() => void)[] = [];
  for (const [name, field] of Object.entries(schema.getSubscriptionType()?.getFields() ?? {})) {
    restore.push(patchMethod(field, 'subscribe', guard, () => subscriptionObserver(name, recorder, guard)));
  }
  if (recorder.timesResolvers) {
    for (const type of Object.values(schema.getTypeMap())) {
      if (!isObjectType(type) || type.name.startsWith('__')) continue;
      for (const [name, field] of Object.entries(type.getFields())) {
        if (field.resolve === undefined || field.resolve.name === PROPERTY_RESOLVER) continue;
        const measurement = resolverMeasurement(recorder.fieldOf(`${type.name}.${name}`), recorder, guard);
        restore.push(patchMethod(field, 'resolve', guard, () => resolverObserver(measurement)));
      }
    }
  }
  return () => {
    for (const restoreField of restore.splice(0)) restoreField();
  };
}

/** Returns true for a type with fields. The fields of input types have no resolver and are skipped. */
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

function resolverObserver(measurement: Measurement): CallObserver {
  const startedAt = measurement.start();
  return {
    threw: (error) => measurement.end(startedAt, 'error', error),
    replaceResult: (result) => trackCompletion(result, measurement, startedAt),
  };
}

function subscriptionObserver(field: string, recorder: GraphQLRecorder, guard: Guard): CallObserver {
  const subscription = recorder.subscriptionStarted(field);
  const observer = {
    replaceValue: (events: unknown) => trackEvents(events, subscription, guard),
    rejected: () => subscription.end('error'),
  };
  return {
    threw: () => subscription.end('error'),
    replaceResult: (result) =>
      isThenable(result)
        ? (followThenable(result, observer, guard) ?? result)
        : trackEvents(result, subscription, guard),
  };
}

function trackEvents(events: unknown, subscription: OpenSubscription, guard: Guard): unknown {
  if (!isAsyncIterable(events)) {
    // GraphQL rejects a result that is not a stream.
    subscription.end('error');
    return events;
  }
  const observer: IterationObserver = {
    given: () => subscription.eventSent(),
    // A stream that waits for its next event may never end.
    stopping: () => subscription.end('cancelled'),
    ended: (outcome) => subscription.end(outcome),
  };
  const follow = <T extends AnyIterator>(iterator: T): T =>
    followIterator(iterator, true, observer, guard) ?? iterator;
  if (typeof (events as Partial<AnyIterator>).next === 'function') {
    return follow(events as AsyncIterable<unknown> & AnyIterator);
  }
  return (
    overridingProxy(events, { [Symbol.asyncIterator]: () => follow(events[Symbol.asyncIterator]()) }) ??
    events
  );
}

function isAsyncIterable(events: unknown): events is AsyncIterable<unknown> {
  return (
    typeof events === 'object' &&
    events !== null &&
    typeof (events as Partial<AsyncIterable<unknown>>)[Symbol.asyncIterator] === 'function'
  );
}
