import { readdirSync, readFileSync } from 'node:fs';
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

  /** Returns the numbers in lines such as `nr_periods 12`, by name. */
  numbers(path: string): Readonly<Record<string, number | undefined>> {
    const lines = this.read(path).split('\n');
    return Object.fromEntries(
      lines.flatMap((line) => {
        const [name = '', text = ''] = line.trim().split(/:?\s+/);
        const number = numberOf(text);
        return name === '' || number === undefined ? [] : [[name, number]];
      }),
    );
  }

  /** Returns the names of the entries of a directory; empty if it cannot be read. */
  list(path: string): readonly string[] {
    try {
      return readdirSync(join(this.root, path));
    } catch {
      return [];
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
