/** Maximum number of flags that are shown. */
const MAX_FLAGS = 100;

const FLAG_NAME = /^--?[A-Za-z][A-Za-z0-9-]{0,60}$/;
/** A value that is no secret. A longer number may be one. */
const HARMLESS = /^(?:true|false|\d{1,8}(?:\.\d{1,3})?)$/;

/**
 * Returns the flags of Node.js without what may be a secret: the code of `--eval`, or the query of a URL. Names of flags
 * are shown, and values that are a number or a switch.
 */
export function redactedFlags(flags: readonly string[]): string[] {
  const shown = flags.slice(0, MAX_FLAGS).map(redactedFlag);
  if (flags.length > MAX_FLAGS) shown.push(`(${flags.length - MAX_FLAGS} more)`);
  return shown;
}

/** Returns the flags of `NODE_OPTIONS`, whose values may be in double quotes. */
export function flagsOf(nodeOptions = ''): string[] {
  return nodeOptions.match(/(?:"(?:\\.|[^"\\])*"?|[^\s"])+/g) ?? [];
}

function redactedFlag(flag: string): string {
  const at = flag.indexOf('=');
  const name = at < 0 ? flag : flag.slice(0, at);
  if (HARMLESS.test(flag)) return flag;
  if (!FLAG_NAME.test(name)) return '(set)';
  if (at < 0) return name;
  const value = flag.slice(at + 1);
  return `${name}=${HARMLESS.test(value) ? value : '(set)'}`;
}
