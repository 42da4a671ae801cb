import type { ModulesContainer } from '@nestjs/core';
import type { Guard } from '../../primitives/guard.js';
import { patchMethod } from '../../primitives/method-patch.js';
import { apolloPlugin } from './apollo-plugin.js';
import type { GraphQLRecorder } from './graphql-recorder.js';
import { hasMercurius, measureMercurius } from './mercurius-hook.js';
import { isSchema, measureSchema } from './schema-measurement.js';

/** What is used of a driver of `@nestjs/graphql`. */
interface Driver {
  /** The server, once it has started. */
  readonly instance?: unknown;
}

interface DriverOptions {
  readonly schema?: unknown;
  readonly plugins?: readonly unknown[];
}

/**
 * Measures what `GraphQLModule` answers, where its driver starts the server: by a plugin of Apollo Server, and by what
 * Mercurius offers. The requests that bring the operations are counted as requests, and nothing is added to them.
 */
export class GraphQLInstrumentation {
  private readonly restore: (() => void)[] = [];
  private recorder: GraphQLRecorder | undefined;

  /** @param makeRecorder called if the application has a `GraphQLModule` */
  constructor(
    private readonly modules: ModulesContainer,
    private readonly guard: Guard,
    private readonly makeRecorder: () => GraphQLRecorder,
  ) {}

  /** Before that of `GraphQLModule`, which starts the driver: the core of monitoring is initialised first. */
  install(): void {
    for (const { providers } of this.modules.values()) {
      for (const [token, { instance }] of providers) {
        if (typeof token === 'function' && token.name === 'AbstractGraphQLDriver' && isObject(instance)) {
          this.guard.run(() => this.measure(instance));
        }
      }
    }
  }

  stop(): void {
    for (const restore of this.restore.splice(0)) restore();
  }

  private measure(driver: Driver): void {
    const recorder = (this.recorder ??= this.makeRecorder());
    const { guard, restore } = this;
    const isApollo = isOfFamily(driver, 'Apollo');
    restore.push(
      patchMethod(driver, 'start', guard, ([given, ...more]) => {
        const options = given as DriverOptions;
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

/** Returns whether it is of a class whose name begins so, or inherits from one. */
function isOfFamily(driver: object, family: string): boolean {
  for (let type = Object.getPrototypeOf(driver) as object | null; type !== null;) {
    if (type.constructor.name.startsWith(family)) return true;
    type = Object.getPrototypeOf(type) as object | null;
  }
  return false;
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
