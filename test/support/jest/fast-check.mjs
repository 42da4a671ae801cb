import { configureGlobal } from '../../../node_modules/fast-check/lib/fast-check.js';

export * from '../../../node_modules/fast-check/lib/fast-check.js';

/**
 * What CI tells is about a change, so that each of its runs has the same inputs. Elsewhere, each run has others, and a
 * failure prints its seed.
 */
const SEED = 20_261_129;

if (process.env.CI) configureGlobal({ seed: SEED });
