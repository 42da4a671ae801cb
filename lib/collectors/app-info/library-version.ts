/**
 * The version of this library, as in its package.json: a test compares them. Not read from there, since a bundled
 * application has no such file, and one that is transformed to CommonJS cannot say where it is.
 */
export const LIBRARY_VERSION = '0.1.0';
