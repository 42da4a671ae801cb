const before = new Map<string, string | undefined>();

/** Sets a variable of the environment, or takes it away, until `restoreEnv()`. */
export function stubEnv(name: string, value: string | undefined): void {
  if (!before.has(name)) before.set(name, process.env[name]);
  set(name, value);
}

/** Takes away what npm says of the package whose script it runs, as in a process that it has not started. */
export function stubNpm(): void {
  stubEnv('npm_package_name', undefined);
  stubEnv('npm_package_version', undefined);
}

/** Gives all variables the values that they had before `stubEnv()`. */
export function restoreEnv(): void {
  for (const [name, value] of before) set(name, value);
  before.clear();
}

function set(name: string, value: string | undefined): void {
  if (value === undefined) delete process.env[name];
  else process.env[name] = value;
}
