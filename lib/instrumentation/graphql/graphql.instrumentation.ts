import type { ModulesContainer } from '@nestjs/core';
import type { Guard } from '../../primitives/guard.js';
import { patchMethod } from '../../primitives/method-patch.js';
import { apolloPlugin } from './apollo-plugin.js';
import type { GraphQLRecorder } from './graphql.recorder.js';
import { graphQLDrivers } from './graphql-driver.js';
import { hasMercurius, measureMercurius } from './mercurius-hook.js';
import { isSchema, measureSchema } from './schema-measurement.js';
import { isObject } from '../../primitives/is-object.js';

/** The part of a driver of `@nestjs/graphql` that is used. */
interface Driver {
  /** The server; undefined until it has started. */
  readonly instance?: unknown;
}

interface DriverOptions {
  readonly schema?: unknown;
  readonly plugins?: readonly unknown[];
}

/**
 * The instrumentation of `GraphQLModule`. It patches the `start()` of its driver, and measures Apollo Server by a plugin
 * and Mercurius by its hooks. The HTTP requests that carry the operations are measured separately.
 */
export class GraphQLInstrumentation {
  private readonly restore: (() => void)[] = [];
  private recorder: GraphQLRecorder | undefined;

  /** @param createRecorder called once, if the application has a `GraphQLModule` */
  constructor(
    private readonly modules: ModulesContainer,
    private readonly guard: Guard,
    private readonly createRecorder: () => GraphQLRecorder,
  ) {}

  /** Patches the driver, before `GraphQLModule` starts it. */
  install(): void {
    for (const { instance } of graphQLDrivers(this.modules)) {
      if (isObject(instance)) this.guard.run(() => this.measure(instance));
    }
  }

  stop(): void {
    for (const restore of this.restore.splice(0)) restore();
  }

  private measure(driver: Driver): void {
    const recorder = (this.recorder ??= this.createRecorder());
    const { guard, restore } = this;
    const isApollo = isOfClass(driver, 'Apollo');
    restore.push(
      patchMethod(driver, 'start', guard, ([startOptions, ...more]) => {
        const options = startOptions as DriverOptions;
        if (isSchema(options.schema)) restore.push(measureSchema(options.schema, recorder, guard));
        if (isApollo) {
          const plugins = [...(options.plugins ?? []), apolloPlugin(recorder, guard)];
          return { args: [{ ...options, plugins }, ...more] };
        }
        return {
          fulfilled() {
            if (hasMercurius(driver.instance)) measureMercurius(driver.instance, recorder, guard);
          },
        };
      }),
    );
  }
}

/** Returns true if the class of a driver, or a class that it extends, has a name with this prefix. */
function isOfClass(driver: object, prefix: string): boolean {
  for (let type = Object.getPrototypeOf(driver) as object | null; type !== null;) {
    if (type.constructor.name.startsWith(prefix)) return true;
    type = Object.getPrototypeOf(type) as object | null;
  }
  return false;
}
