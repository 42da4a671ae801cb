/** The reason of the next rejection that nobody handles, which the listeners of the test runner do not hear of. */
export function nextUnhandledRejection(): Promise<unknown> {
  const others = process.listeners('unhandledRejection');
  process.removeAllListeners('unhandledRejection');
  return new Promise((resolve) => {
    process.once('unhandledRejection', (reason) => {
      for (const listener of others) process.on('unhandledRejection', listener);
      resolve(reason);
    });
  });
}
