import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

/**
 * A reader of files in `/proc` and `/sys`. It reads synchronously, because they are in memory and the thread pool would
 * cost thirty times as much.
 */
export class LinuxFiles {
  /** @param root root directory of the file system to read */
  constructor(private readonly root = '/') {}

  /** Returns the content of a file; empty if it cannot be read. */
  read(path: string): string {
    try {
      return readFileSync(join(this.root, path), 'utf8');
    } catch {
      return '';
    }
  }

  /** Returns the number that a file contains; undefined for anything else, such as `max`. */
  number(path: string): number | undefined {
    return numberOf(this.read(path).trim());
  }

  /** Returns some of the numbers in lines such as `nr_periods 12`, by name. */
  numbers<Name extends string>(
    path: string,
    names: readonly Name[],
  ): Readonly<Partial<Record<Name, number>>> {
    const text = this.read(path);
    const numbers: Partial<Record<Name, number>> = {};
    for (const name of names) {
      // Most of these files have many lines more than are of interest.
      const number = numberOf(new RegExp(`^${name}:?\\s+(\\S+)`, 'm').exec(text)?.[1]);
      if (number !== undefined) numbers[name] = number;
    }
    return numbers;
  }

  /** Returns the names of the entries of a directory; empty if it cannot be read. */
  list(path: string): readonly string[] {
    try {
      return readdirSync(join(this.root, path));
    } catch {
      return [];
    }
  }

  /** Returns the number by which the file system knows a file or directory; undefined if there is none. */
  inode(path: string): number | undefined {
    return statSync(join(this.root, path), { throwIfNoEntry: false })?.ino;
  }

  /** Returns the number of directories in a directory of `/proc`, from its number of links; 0 if it cannot be read. */
  directoriesIn(path: string): number {
    try {
      // The other links are its name and its entry for itself.
      return statSync(join(this.root, path)).nlink - 2;
    } catch {
      return 0;
    }
  }
}

/** Parses a decimal number; undefined for anything else, including an empty string. */
export function numberOf(text: string | undefined): number | undefined {
  if (text === undefined || !/^-?\d+(\.\d+)?$/.test(text)) return undefined;
  return Number(text);
}

/** Returns the size of a set of processors in the format of Linux, such as `0-3,8`. */
export function sizeOfSet(text: string): number | undefined {
  const ranges = text
    .trim()
    .split(',')
    .map((range) => /^(\d+)(?:-(\d+))?$/.exec(range));
  let size = 0;
  for (const range of ranges) {
    if (range === null) return undefined;
    size += Number(range[2] ?? range[1]) - Number(range[1]) + 1;
  }
  return size > 0 ? size : undefined;
}
