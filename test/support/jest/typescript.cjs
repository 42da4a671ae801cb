/* global requireOfNode -- of process.environment.mjs */
// Nine megabytes, of which no test needs a copy of its own.
module.exports = requireOfNode('typescript');
