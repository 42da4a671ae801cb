import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Files in which Linux tells its figures. They are read synchronously: they are in memory, and a trip through the
 * thread pool costs thirty times as much.
 */
export class LinuxFiles {
  /** @param root where the file system begins whose `/proc` and `/sys` are read */
  constructor(private readonly root = '/') {}

  /** The text of a file; empty if there is none, or it cannot be read. */
  read(path: string): string {
    try {
      return readFileSync(join(this.root, path), 'utf8');
    } catch {
      return '';
    }
  }

  /** The number that a file consists of; undefined for anything else, `max` among it. */
  number(path: string): number | undefined {
    return numberOf(this.read(path).trim());
  }

  /** The numbers of a file of lines such as `nr_periods 12`, by name. */
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

  list(path: string): readonly string[] {
    try {
      return readdirSync(join(this.root, path));
    } catch {
      return [];
    }
  }
}

/** Undefined for what is no number, which an empty text is not either. */
export function numberOf(text: string | undefined): number | undefined {
  if (text === undefined || !/^-?\d+(\.\d+)?$/.test(text)) return undefined;
  return Number(text);
}

/** How many numbers there are in a list such as `0-3,8`, which is how Linux writes sets of processors. */
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
