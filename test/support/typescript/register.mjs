// With `node --import`, a process runs the TypeScript of this repository as it is, with the decorators of Nest.
import { register } from 'node:module';

register('./hooks.mjs', import.meta.url);
