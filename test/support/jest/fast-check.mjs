import { configureGlobal } from '../../../node_modules/fast-check/lib/fast-check.js';

export * from '../../../node_modules/fast-check/lib/fast-check.js';

/**
 * What the tests tell is about a change, so that each run has the same inputs. With FUZZ_RUNS, each run of any test with
 * `fast-check` has others, and a failure prints its seed. CONTRIBUTING.md has the commands.
 */
const SEED = 20_261_129;

if (process.env.FUZZ_RUNS === undefined) configureGlobal({ seed: SEED });
