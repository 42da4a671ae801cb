import asyncHooks from 'node:async_hooks';
import { channel } from 'node:diagnostics_channel';
import { createRequire } from 'node:module';
import vm from 'node:vm';
import { TestEnvironment } from 'jest-environment-node';

/**
 * The channels of `fetch`, kept from the start on. Node loads it at its first use, and forgets its channels if one of the
 * same name that was used and dropped before is collected only then: nobody would hear of a request any more.
 */
globalThis[Symbol('channels of fetch')] = ['create', 'bodySent', 'headers', 'trailers', 'error'].map(
  (event) => channel(`undici:request:${event}`),
);

/** Each store of context that the current file of tests made. */
const stores = new Set();

const { AsyncLocalStorage: Original } = asyncHooks;
class AsyncLocalStorage extends Original {
  constructor(...args) {
    super(...args);
    stores.add(this);
  }
}
// A getter in Node 24.
Object.defineProperty(asyncHooks, 'AsyncLocalStorage', { value: AsyncLocalStorage, configurable: true });

/**
 * Variables by which an application, its clients or Node behave differently on a machine that has them, as in a pod, in a
 * pipeline that is traced, behind a proxy or with colors.
 */
const OF_THE_MACHINE =
  /^(?:(?:AWS|DD|OTEL|KUBERNETES|LAMBDA|HEROKU|RENDER|RAILWAY)_.+|GIT_COMMIT|K_REVISION|DATABASE_URL|REDIS_URL|PG[A-Z]+|NODE_APP_INSTANCE|NODE_OPTIONS|FORCE_COLOR|.+_proxy)$/i;

/**
 * The environment of Jest for Node, with five differences:
 *
 * - A global such as `Math` is looked up as in any program; in the context that Jest makes, it takes a hundred times
 *   as long.
 * - The process is that of Node. The copy that Jest makes of it hears no `warning`, `unhandledRejection` or `exit`.
 *   What a file of tests does to the environment variables ends with the file, and so do its listeners for warnings:
 *   an application that a test leaves open has one, and of more than ten Node warns itself. The variables that the
 *   machine has for applications are not there: a test sets those that it is about.
 * - An `AsyncLocalStorage` ends with its file. Node before 24 would otherwise carry it on with each promise of the
 *   files that come after it, which get slower and slower.
 * - `requireOfNode` loads a module as any program does, once in a process. Modules of Jest are loaded again for each
 *   file of tests.
 * - No test and no hook has a shorter time limit than the configuration: a limit is there for what hangs, and a busy
 *   machine takes many times as long as the one on which it was written.
 */
export default class ProcessEnvironment extends TestEnvironment {
  #variables = { ...process.env };
  #warningListeners = process.listeners('warning');
  #leastTimeoutMs;

  constructor(config, context) {
    const { createContext } = vm;
    vm.createContext = () => createContext(vm.constants.DONT_CONTEXTIFY);
    try {
      super(config, context);
    } finally {
      vm.createContext = createContext;
    }
    this.#leastTimeoutMs = config.globalConfig.testTimeout ?? 0;
    for (const name of Object.keys(process.env)) if (OF_THE_MACHINE.test(name)) delete process.env[name];
    this.global.process = process;
    this.global.requireOfNode = createRequire(import.meta.url);
  }

  handleTestEvent({ name, test, hook }) {
    const limited = { test_fn_start: test, hook_start: hook }[name];
    if (limited?.timeout !== undefined) limited.timeout = Math.max(limited.timeout, this.#leastTimeoutMs);
  }

  async teardown() {
    for (const listener of process.listeners('warning')) {
      if (!this.#warningListeners.includes(listener)) process.off('warning', listener);
    }
    for (const store of stores) store.disable();
    stores.clear();
    for (const name of Object.keys(process.env)) if (!(name in this.#variables)) delete process.env[name];
    Object.assign(process.env, this.#variables);
    await super.teardown();
  }
}
