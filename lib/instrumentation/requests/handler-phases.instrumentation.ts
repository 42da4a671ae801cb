import type { HttpAdapterHost } from '@nestjs/core';
import { GuardsConsumer } from '@nestjs/core/guards/guards-consumer.js';
import { InterceptorsConsumer } from '@nestjs/core/interceptors/interceptors-consumer.js';
import { PipesConsumer } from '@nestjs/core/pipes/pipes-consumer.js';
import type { Guard } from '../../primitives/guard.js';
import { isObject } from '../../primitives/is-object.js';
import { type CallObserver, patchMethod } from '../../primitives/method-patch.js';
import { patchSharedMethod } from '../../primitives/shared-method-patch.js';
import { rawResponse } from '../http/raw-response.js';
import { observationOf, type ObservationOwner } from '../http/request-observation.js';
import type { Operation } from './operation.js';
import type { Operations } from './operations.js';
import { metadataOf } from '../../primitives/reflect-metadata.js';

/** The metadata of Nest that is read. */
const ROUTE_ARGUMENTS = '__routeArguments__';
const EVENT_STREAM = '__sse__';
const PASSTHROUGH = '__responsePassthrough__';
/** The start of the keys of `@Res()` and `@Next()` among the arguments of a route. */
const RESPONSE_ARGUMENT = /^[12]:/;

/** A request that is not recorded while others are. */
const UNSAMPLED = Symbol('monitoring.unsampled');

/** Methods of the HTTP adapter with which Nest answers. */
const ANSWERS = ['reply', 'render'] as const;

/** The properties of the handler of a route that stay the same. */
interface HandlerInfo {
  /** `Class.method` */
  readonly name: string;
  /** True if the handler writes the response itself, or returns a stream of server-sent events. */
  readonly answersItself: boolean;
}

interface InterceptorLike {
  intercept(context: unknown, handler: unknown): unknown;
}

/**
 * The instrumentation of the steps of HTTP requests in Nest: guards, interceptors, pipes, handler and response. It also
 * gives each step the async context of its request, which a library may have lost on the way.
 *
 * It patches the three classes that call guards, interceptors and pipes, because Nest creates an instance for each module
 * and exposes none of them. The classes of the application stay as they are.
 */
export class HandlerPhasesInstrumentation {
  private readonly restore: (() => void)[] = [];
  private readonly handlers = new WeakMap<object, WeakMap<object, HandlerInfo>>();
  /** The operation whose arguments Nest starts to read. */
  private preparing: Operation | undefined;

  constructor(
    private readonly host: HttpAdapterHost,
    private readonly operations: Operations,
    private readonly recorder: ObservationOwner,
    private readonly guard: Guard,
  ) {}

  /** Starts observing guards, interceptors and answers. */
  start(): void {
    const { guard } = this;
    this.restore.push(
      patchSharedMethod(GuardsConsumer.prototype, 'tryActivate', guard, (args) => this.beginGuards(args)),
      patchSharedMethod(InterceptorsConsumer.prototype, 'intercept', guard, (args) =>
        this.beginInterceptors(args),
      ),
      patchSharedMethod(PipesConsumer.prototype, 'apply', guard, () => this.beginPipes()),
    );
    const adapter: unknown = this.host.httpAdapter;
    if (!isObject(adapter)) return;
    for (const name of ANSWERS) {
      this.restore.push(patchMethod(adapter, name, guard, ([response]) => this.beginAnswer(response)));
    }
  }

  /** Stops observing. */
  stop(): void {
    for (const restore of this.restore.splice(0)) restore();
  }

  private beginGuards(args: readonly unknown[]): CallObserver | undefined {
    const [, params, instance, callback, type] = args;
    if (type !== 'http') return undefined;
    const operation = this.operationOf(params);
    if (operation === undefined) return undefined;
    if (operation === UNSAMPLED) return this.operations.scopeOf(undefined);
    operation.handler ??= this.infoOf(instance, callback).name;
    this.operations.step(operation, 'guards', true);
    return new OwnCode(this.operations, operation);
  }

  private beginInterceptors(args: readonly unknown[]): CallObserver | undefined {
    const [interceptors, params, instance, callback, next, type] = args;
    if (type !== 'http' || typeof next !== 'function') return undefined;
    const operation = this.operationOf(params);
    if (operation === undefined) return undefined;
    const { operations } = this;
    if (operation === UNSAMPLED) {
      const scope = operations.scopeOf(undefined);
      return scope && { args: inContext(args, operations, undefined), scope };
    }
    const isLost = operations.current !== operation;
    const { name, answersItself } = this.infoOf(instance, callback);
    operation.handler ??= name;
    const hasInterceptors = Array.isArray(interceptors) && interceptors.length > 0;
    if (hasInterceptors) operations.step(operation, 'interceptors', false);
    const following = hasInterceptors && !answersItself ? 'interceptors' : 'response';
    const settled = (): void => operations.step(operation, following, false);
    // Nest calls it for the pipes and the handler, once unless an interceptor retries, and handles its rejection.
    const observedNext = (): unknown => {
      operations.step(operation, 'handler', true);
      this.preparing = operation;
      // Pipes that have thrown before a retry leave it negative.
      operation.openPipes = Math.max(operation.openPipes, 0);
      try {
        const result = operations.run(operation, next as () => Promise<unknown>);
        result.then(settled, settled);
        return result;
      } finally {
        this.preparing = undefined;
        if (operation.openPipes > 0) operations.step(operation, undefined, false);
        else this.endRun(operation);
      }
    };
    const observed = [interceptors, params, instance, callback, observedNext, type];
    return { args: isLost ? inContext(observed, operations, operation) : observed };
  }

  /**
   * Observes one argument of a handler. Nest starts to read all of them at once: later ones are of another handler, such as
   * that of another application that the handler calls.
   */
  private beginPipes(): CallObserver | undefined {
    const operation = this.preparing;
    if (operation === undefined) return undefined;
    // The time of the step so far has prepared the arguments, too.
    if (operation.openPipes++ === 0) operation.phase = 'pipes';
    return {
      fulfilled: () => {
        if (--operation.openPipes !== 0) return;
        this.operations.step(operation, 'handler', true);
        this.endRun(operation);
      },
      // The handler is not called.
      rejected: () => (operation.openPipes = -Infinity),
    };
  }

  /** Ends the run of own code once it has awaited something: when no promise that has settled is left to go on with. */
  private endRun(operation: Operation): void {
    queueMicrotask(() => process.nextTick(() => this.operations.step(operation, undefined, false)));
  }

  private beginAnswer(response: unknown): CallObserver | undefined {
    const operation = this.operationOf([undefined, response]);
    if (operation === undefined || operation === UNSAMPLED) return undefined;
    this.operations.step(operation, 'response', true);
    return new OwnCode(this.operations, operation);
  }

  /**
   * Returns the operation of a request of this application; undefined if the request belongs to one that is mounted in it,
   * or nothing is recorded, which is so for most requests and known without reading a property of them.
   */
  private operationOf(params: unknown): Operation | typeof UNSAMPLED | undefined {
    const { operations } = this;
    if (operations.isIdle) return undefined;
    const response: unknown = Array.isArray(params) ? params[1] : undefined;
    if (!isObject(response)) return undefined;
    // Express gives each response a hidden class of its own: each property that is read of one takes a microsecond.
    const { current } = operations;
    if (current !== undefined && current.carrier === response) return current;
    const observation = observationOf(rawResponse(response));
    return observation?.recorder === this.recorder ? (observation.operation ?? UNSAMPLED) : undefined;
  }

  private infoOf(instance: unknown, callback: unknown): HandlerInfo {
    const { constructor } = instance as object;
    let handlers = this.handlers.get(constructor);
    if (handlers === undefined) this.handlers.set(constructor, (handlers = new WeakMap()));
    let info = handlers.get(callback as object);
    if (info === undefined) {
      info = handlerInfo(constructor, methodNameOf(instance as object, callback), callback as object);
      handlers.set(callback as object, info);
    }
    return info;
  }
}

/** The observer of a step that runs in the async context of its request until it first awaits something. */
class OwnCode implements CallObserver {
  constructor(
    private readonly operations: Operations,
    private readonly operation: Operation,
  ) {}

  get scope(): this {
    return this;
  }

  run<R>(call: () => R): R {
    return this.operations.run(this.operation, call);
  }

  returned(): void {
    this.operations.step(this.operation, undefined, false);
  }

  threw(): void {
    this.returned();
  }
}

/** Returns the arguments of `intercept()` with interceptors and handler in the async context of an operation. */
function inContext(
  [interceptors, params, instance, callback, next, type]: readonly unknown[],
  operations: Operations,
  operation: Operation | undefined,
): readonly unknown[] {
  const scoped = Array.isArray(interceptors)
    ? interceptors.map((each: InterceptorLike) => ({
        intercept: (context: unknown, handler: unknown) =>
          operations.run(operation, () => each.intercept(context, handler)),
      }))
    : interceptors;
  const scopedNext = (): unknown => operations.run(operation, next as () => unknown);
  return [scoped, params, instance, callback, scopedNext, type];
}

function handlerInfo(controller: { readonly name: string }, method: string, callback: object): HandlerInfo {
  const routeArguments = metadataOf(ROUTE_ARGUMENTS, controller, method);
  const usesResponse =
    isObject(routeArguments) && Object.keys(routeArguments).some((key) => RESPONSE_ARGUMENT.test(key));
  const passesThrough = metadataOf(PASSTHROUGH, controller, method) === true;
  return {
    name: `${controller.name}.${method}`,
    answersItself: metadataOf(EVENT_STREAM, callback) !== undefined || (usesResponse && !passesThrough),
  };
}

/** Returns the name of a method. The function may have another one, or none, if a decorator has replaced it. */
function methodNameOf(instance: object, callback: unknown): string {
  for (
    let owner: object | null = instance;
    owner !== null && owner !== Object.prototype;
    owner = Object.getPrototypeOf(owner) as object | null
  ) {
    for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(owner))) {
      if (value === callback && name !== 'constructor') return name;
    }
  }
  return (callback as { readonly name: string }).name;
}
