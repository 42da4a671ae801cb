/** The key of a class of this library, in each copy of it that the process has, of any version and kind of module. */
export const LIBRARY_BRAND = Symbol.for('nestjs-monitoring');

/** The value under that key in this copy. */
export const THIS_COPY = Symbol('nestjs-monitoring');
