import { execFile } from 'node:child_process';
import { mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

/** The root of the repository. */
export const ROOT = fileURLToPath(new URL('../../../', import.meta.url));

/** A directory that is there while somebody compiles. */
const LOCK = `${ROOT}node_modules/.compiling`;

/** Ten times what it takes: a machine may be busy. */
const COMPILE_MS = 380_000;

/** Compiles the library, for tests that start it as a process; left as it is if it is as new as its sources. */
export async function buildLibrary(): Promise<void> {
  await compileOutdated('dist/index.js', 'lib', 'the library', 'npm', ['run', 'build']);
}

/**
 * Compiles the library and the sample application, for tests that start it as a process. What is as new as its
 * sources is left as it is.
 *
 * @throws {Error} with what the compiler said
 */
export async function buildSampleApp(): Promise<void> {
  await buildLibrary();
  const args = ['-p', 'sample-app/tsconfig.json'];
  await compileOutdated(
    'sample-app/dist/main.js',
    'sample-app/src',
    'the sample application',
    'node_modules/.bin/tsc',
    args,
  );
}

/** Compiles what is older than its sources, once: several files of tests may want it at the same time. */
async function compileOutdated(
  output: string,
  sources: string,
  what: string,
  command: string,
  args: string[],
): Promise<void> {
  if (!isOutdated(output, sources)) return;
  while (!lock()) await sleep(100);
  try {
    if (isOutdated(output, sources)) await compile(what, command, args);
  } finally {
    rmSync(LOCK, { recursive: true, force: true });
  }
}

/** Locks the compilation for this process. Returns false while another one has it. */
function lock(): boolean {
  const lockedAt = statSync(LOCK, { throwIfNoEntry: false })?.mtimeMs;
  // Whoever locked it for longer was killed.
  if (lockedAt !== undefined && Date.now() - lockedAt > COMPILE_MS)
    rmSync(LOCK, { recursive: true, force: true });
  try {
    mkdirSync(LOCK);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
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
