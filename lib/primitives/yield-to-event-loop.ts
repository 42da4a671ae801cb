/** Resolves in the next turn of the event loop, without keeping the process alive. */
export function yieldToEventLoop(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve).unref();
  });
}
