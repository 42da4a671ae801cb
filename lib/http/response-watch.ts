/**
 * Returns a function that returns true once other code, such as a guard, has sent the response. The flags of the
 * frameworks change only after the hooks and the middleware of the application, which may be asynchronous.
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
