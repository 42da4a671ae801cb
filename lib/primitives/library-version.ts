/**
 * The version of this library, equal to the one in package.json. It is not read from that file: a bundled application
 * does not have it, and a module transformed to CommonJS cannot locate it.
 */
export const LIBRARY_VERSION = '1.0.0';
