import { execFileSync } from 'node:child_process';
import { chown } from 'node:fs/promises';

/** A user of the system. */
export interface SystemUser {
  readonly uid: number;
  readonly gid: number;
}

/** Whom a database server runs as, since it refuses to be root; undefined where the tests are not root. */
export function databaseUser(name: string): SystemUser | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const id = (option: string) => Number(execFileSync('id', [option, name], { encoding: 'utf8' }));
  return { uid: id('-u'), gid: id('-g') };
}

/** Makes a folder theirs. */
export async function giveTo(user: SystemUser | undefined, folder: string): Promise<void> {
  if (user !== undefined) await chown(folder, user.uid, user.gid);
}
