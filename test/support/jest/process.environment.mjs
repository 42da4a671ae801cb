import vm from 'node:vm';
import { TestEnvironment } from 'jest-environment-node';

/**
 * The environment of Jest for Node, with two differences:
 *
 * - A global such as `Math` is looked up as in any program; in the context that Jest makes, it takes a hundred times
 *   as long.
 * - The process is that of Node. The copy that Jest makes of it hears no `warning`, `unhandledRejection` or `exit`.
 *   What a file of tests does to the environment variables ends with the file.
 */
export default class ProcessEnvironment extends TestEnvironment {
  #variables = { ...process.env };

  constructor(config, context) {
    const { createContext } = vm;
    vm.createContext = () => createContext(vm.constants.DONT_CONTEXTIFY);
    try {
      super(config, context);
    } finally {
      vm.createContext = createContext;
    }
    this.global.process = process;
  }

  async teardown() {
    for (const name of Object.keys(process.env)) if (!(name in this.#variables)) delete process.env[name];
    Object.assign(process.env, this.#variables);
    await super.teardown();
  }
}
