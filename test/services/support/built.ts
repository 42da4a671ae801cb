import { execFile } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

/** The root of the repository. */
export const ROOT = fileURLToPath(new URL('../../../', import.meta.url));

/** Ten times what it takes: a machine may be busy. */
const COMPILE_MS = 220_000;

/** Compiles the library, for tests that start it as a process; left as it is if it is as new as its sources. */
export async function buildLibrary(): Promise<void> {
  if (isOutdated('dist/index.js', 'lib')) await compile('the library', 'npm', ['run', 'build']);
}

/**
 * Compiles the library and the sample application, for tests that start it as a process. What is as new as its
 * sources is left as it is.
 *
 * @throws {Error} with what the compiler said
 */
export async function buildSampleApp(): Promise<void> {
  await buildLibrary();
  if (isOutdated('sample-app/dist/main.js', 'sample-app/src')) {
    await compile('the sample application', 'node_modules/.bin/tsc', ['-p', 'sample-app/tsconfig.json']);
  }
}

function isOutdated(output: string, sources: string): boolean {
  const built = statSync(ROOT + output, { throwIfNoEntry: false })?.mtimeMs ?? -Infinity;
  return readdirSync(ROOT + sources, { recursive: true, withFileTypes: true }).some(
    (entry) => entry.isFile() && statSync(join(entry.parentPath, entry.name)).mtimeMs > built,
  );
}

async function compile(what: string, command: string, args: string[]): Promise<void> {
  console.info(`Compiling ${what}, which takes some seconds.`);
  try {
    await promisify(execFile)(command, args, { cwd: ROOT, timeout: COMPILE_MS });
  } catch (error) {
    const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string };
    throw new Error(`${what} does not compile:\n${stdout}${stderr}`, { cause: error });
  }
}
