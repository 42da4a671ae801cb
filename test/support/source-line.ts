import { readFile } from 'node:fs/promises';

/** Returns the line of code of a place such as `Orders.list (src/orders.mjs:42:17)`, in a file that runs as it is written. */
export async function sourceLineOf(site: string | undefined): Promise<string> {
  const [, file = '', line = '0'] = /([^\s()]+):(\d+):\d+\)?$/.exec(site ?? '') ?? [];
  if (file === '') throw new Error(`no place: ${site}`);
  return (await readFile(file, 'utf8')).split('\n')[Number(line) - 1] ?? '';
}
