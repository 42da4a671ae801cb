/**
 * Returns a function that tells if somebody else, such as a guard, has answered a request since. The frameworks know
 * that only when the hooks and the middleware of the application are through, which may take their time.
 *
 * @param method the one by which responses of this kind are sent
 */
export function watchAnswer<K extends string>(
  response: Record<K, (...args: never[]) => unknown>,
  method: K,
): () => boolean {
  const original = response[method];
  let isAnswered = false;
  response[method] = function (this: unknown, ...args) {
    isAnswered = true;
    return Reflect.apply(original, this, args);
  };
  return () => isAnswered;
}
