import { expect } from '@jest/globals';

type Matchers<T> = ReturnType<typeof expect<T>>;

/** `expect()`, where a failure begins with what it is about. */
export function expectThat<T>(value: T, about: string | undefined): Matchers<T> {
  return named(expect(value), about ?? 'undefined');
}

/** Fails: the test should not have come here. */
export function unreachable(message = 'The test should not have come here.'): never {
  throw new Error(message);
}

function named<T extends object>(matchers: T, about: string): T {
  return new Proxy(matchers, {
    get(target, key) {
      const found: unknown = Reflect.get(target, key);
      if (typeof found === 'object' && found !== null) return named(found, about);
      if (typeof found !== 'function') return found;
      return (...expected: unknown[]): unknown => {
        try {
          const result: unknown = Reflect.apply(found, target, expected);
          return result instanceof Promise
            ? result.catch((error: unknown) => {
                throw explained(error, about);
              })
            : result;
        } catch (error) {
          throw explained(error, about);
        }
      };
    },
  });
}

function explained(error: unknown, about: string): unknown {
  if (error instanceof Error) error.message = `${about}: ${error.message}`;
  return error;
}
