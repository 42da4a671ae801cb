/**
 * Returns a function that returns true once somebody else, such as a guard, has sent the response. The frameworks
 * notice only after the hooks and the middleware of the application, which may be asynchronous.
 *
 * @param method name of the method that sends the response
 */
export function watchResponse<K extends string>(
  response: Record<K, (...args: never[]) => unknown>,
  method: K,
): () => boolean {
  const original = response[method];
  let isSent = false;
  response[method] = function (this: unknown, ...args) {
    isSent = true;
    return Reflect.apply(original, this, args);
  };
  return () => isSent;
}
