import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

/** The files of the page are in a folder next to this module, in the sources and in the built package. */
const PAGE = join(import.meta.dirname, 'page');

/** Returns a file of the page of this library. */
export function readPageFile(name: string): string {
  return readFileSync(join(PAGE, name), 'utf8');
}

/** Returns a file of uPlot, which draws the charts. */
export function readUPlotFile(name: string): string {
  return readFileSync(createRequire(PAGE).resolve(`uplot/dist/${name}`), 'utf8');
}
