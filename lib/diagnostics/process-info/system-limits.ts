import { readFile } from 'node:fs/promises';
import type { ProcessLimits } from './process-report.js';

/** The limits of `/proc/self/limits` that are shown, by their name there. */
const LIMITS: Readonly<Record<string, string>> = {
  'Max cpu time': 'cpuSeconds',
  'Max file size': 'fileBytes',
  'Max data size': 'dataBytes',
  'Max stack size': 'stackBytes',
  'Max core file size': 'coreFileBytes',
  'Max resident set': 'residentBytes',
  'Max processes': 'processes',
  'Max open files': 'openFiles',
  'Max locked memory': 'lockedBytes',
  'Max address space': 'addressBytes',
};
/** The space between two columns. */
const GAP = /\s{2,}/;

/** Reads the limits of the operating system; none where it is not Linux. */
export async function systemLimits(file = '/proc/self/limits'): Promise<ProcessLimits['system']> {
  try {
    return parseLimits(await readFile(file, 'utf8'));
  } catch {
    return {};
  }
}

/** Parses lines such as `Max open files   1024   4096   files`. */
export function parseLimits(text: string): ProcessLimits['system'] {
  const limits: Record<string, { soft: number | null; hard: number | null }> = {};
  for (const line of text.split('\n')) {
    const [title = '', soft = '', hard = ''] = line.split(GAP, 3);
    const name = LIMITS[title];
    if (name !== undefined) limits[name] = { soft: limitOf(soft), hard: limitOf(hard) };
  }
  return limits;
}

function limitOf(text: string): number | null {
  return text === 'unlimited' ? null : Number(text);
}
