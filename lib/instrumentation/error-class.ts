const CLASS_NAME = /^[\w$]{1,64}$/;

/** The class of what was thrown: as many values as there are classes, whatever the errors say. */
export function errorClass(thrown: unknown): string {
  if (typeof thrown !== 'object' || thrown === null) return typeof thrown;
  try {
    const name: unknown = thrown.constructor.name;
    return typeof name === 'string' && CLASS_NAME.test(name) ? name : 'unknown';
  } catch {
    return 'unknown';
  }
}
