import http from 'node:http';
import type { HttpInstrumentation } from '@opentelemetry/instrumentation-http';

interface ModuleDefinition {
  readonly name: string;
  moduleExports?: unknown;
  patch?(moduleExports: unknown): unknown;
}

/**
 * Instruments the HTTP module of Node until `instrumentation.disable()`. In a process of its own the instrumentation
 * does so when the module is required; the `require()` of Jest is not the one that it watches.
 */
export function instrumentHttp(instrumentation: HttpInstrumentation): void {
  const { _modules: modules } = instrumentation as unknown as {
    readonly _modules: readonly ModuleDefinition[];
  };
  const definition = modules.find(({ name }) => name === 'http');
  if (definition?.patch === undefined) throw new Error('The instrumentation has no definition of http.');
  definition.moduleExports = definition.patch(http);
}
