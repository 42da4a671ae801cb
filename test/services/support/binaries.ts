import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { describe, it } from '@jest/globals';

/** The path of a program, looked up as a shell does; undefined if there is none. */
export function findBinary(name: string): string | undefined {
  return (process.env['PATH'] ?? '')
    .split(delimiter)
    .filter((folder) => folder !== '')
    .map((folder) => join(folder, name))
    .find(isExecutable);
}

/** The path of a program that a suite has said it needs. */
export function requireBinary(name: string): string {
  const path = findBinary(name);
  if (path === undefined) throw new Error(`Expected ${name} on the PATH. Name it in describeWith().`);
  return path;
}

/**
 * A suite that needs programs which not every machine has. Where one is missing it is skipped and says so, unless
 * REQUIRE_SERVICES is 1: then it fails.
 */
export function describeWith(binaries: readonly string[], title: string, suite: () => void): void {
  const missing = binaries.filter((name) => findBinary(name) === undefined);
  if (missing.length === 0) {
    describe(title, suite);
    return;
  }
  const reason = `${missing.join(' and ')} not found on the PATH`;
  if (process.env['REQUIRE_SERVICES'] === '1') {
    describe(title, () => {
      it('has the programs that it needs', () => {
        throw new Error(`${reason}, and REQUIRE_SERVICES is 1`);
      });
    });
    return;
  }
  console.warn(`Skipped: ${title}. Reason: ${reason}.`);
  describe.skip(`${title} (skipped: ${reason})`, suite);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
