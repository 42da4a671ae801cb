/** The ways in which a callback of the application fails, each with a name that ends a sentence. */
export const FAILING_CALLBACKS: readonly (readonly [string, () => void])[] = [
  [
    'throws',
    () => {
      throw new Error('oops');
    },
  ],
  ['rejects', () => Promise.reject(new Error('oops'))],
  [
    'throws nothing',
    () => {
      throw undefined;
    },
  ],
  [
    'throws a value that cannot be converted to a string',
    () => {
      throw Object.create(null);
    },
  ],
  [
    'returns a thenable that fails',
    () => ({
      then: () => {
        throw new Error('oops');
      },
    }),
  ],
];
