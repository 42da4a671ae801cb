// With `node --import`, a process runs TypeScript of the tests as it is, with the decorators of Nest. The library that it
// imports by its name is the one that has been built.
import { register } from 'node:module';

register('./hooks.mjs', import.meta.url);
