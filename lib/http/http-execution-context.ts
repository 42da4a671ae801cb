import type { ContextType, ExecutionContext, Type } from '@nestjs/common';
import type { Endpoint } from './endpoint.js';

/** The execution context of a request to an endpoint, for guards of the application. */
export class HttpExecutionContext implements ExecutionContext {
  constructor(
    private readonly args: readonly unknown[],
    private readonly endpoint: Endpoint,
  ) {}

  getClass<T>(): Type<T> {
    return this.endpoint.constructor as Type<T>;
  }

  getHandler(): ReturnType<ExecutionContext['getHandler']> {
    return Reflect.get(this.endpoint, 'handle');
  }

  getArgs<T extends unknown[]>(): T {
    return this.args as T;
  }

  getArgByIndex<T>(index: number): T {
    return this.args[index] as T;
  }

  getType<T extends string = ContextType>(): T {
    return 'http' as T;
  }

  switchToHttp(): ReturnType<ExecutionContext['switchToHttp']> {
    return {
      getRequest: <T>() => this.getArgByIndex<T>(0),
      getResponse: <T>() => this.getArgByIndex<T>(1),
      getNext: <T>() => this.getArgByIndex<T>(2),
    };
  }

  switchToRpc(): never {
    throw new Error('The endpoints of nestjs-monitoring are HTTP endpoints; use switchToHttp().');
  }

  switchToWs(): never {
    throw new Error('The endpoints of nestjs-monitoring are HTTP endpoints; use switchToHttp().');
  }
}
