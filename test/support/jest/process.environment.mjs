import { TestEnvironment } from 'jest-environment-node';

/**
 * The environment of Jest for Node, with the process of Node: the copy that Jest makes of it hears no `warning`,
 * `unhandledRejection` or `exit`. What a file of tests does to the environment variables ends with the file.
 */
export default class ProcessEnvironment extends TestEnvironment {
  #variables = { ...process.env };

  constructor(config, context) {
    super(config, context);
    this.global.process = process;
  }

  async teardown() {
    for (const name of Object.keys(process.env)) if (!(name in this.#variables)) delete process.env[name];
    Object.assign(process.env, this.#variables);
    await super.teardown();
  }
}
