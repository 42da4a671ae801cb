import swcJest from '@swc/jest';

/**
 * The transformer of `@swc/jest`, whose output both configurations of Jest share. What it makes of a file depends on its
 * own options only; the one of the package takes all of the configuration into its key, and compiles everything twice.
 */
export default {
  createTransformer(options) {
    const transformer = swcJest.createTransformer(options);
    return {
      ...transformer,
      getCacheKey: (source, path, given) =>
        transformer.getCacheKey(source, path, { ...given, configString: '' }),
    };
  },
};
