import { fileURLToPath } from 'node:url';
import { isAbsolute } from 'node:path';
import { type FileSources, readSourceMap } from '../../instrumentation/source-maps.js';
import { allocationStacks, type AllocationProfile, type CallFrame, type CpuProfile } from './v8-profiles.js';

/** Upper limit for the source maps that are read for one profile. */
const MAX_MAPS = 200;
const SOURCE_FILE = /\.[cm]?tsx?$/;
const PACKAGE = /[\\/]node_modules[\\/]/;
/** A column beyond every line: the last statement that begins on it. */
const END_OF_LINE = 2 ** 30;

/** Names the functions and lines of a CPU profile by their sources, where files of the application have source maps. */
export async function nameCpuProfile({ nodes }: CpuProfile): Promise<void> {
  const sources = await sourcesOf(nodes.map(({ callFrame }) => callFrame));
  for (const { callFrame, positionTicks = [] } of nodes) {
    const file = sources.get(callFrame.url);
    if (file === undefined || !nameFrame(callFrame, file)) continue;
    for (const ticks of positionTicks) {
      const at = file.positionOf(ticks.line, END_OF_LINE);
      // Several sources may be on one line of a bundle.
      ticks.line = at?.file === callFrame.url ? at.line : callFrame.lineNumber + 1;
    }
  }
}

/** Names the functions of an allocation profile by their sources, where files of the application have source maps. */
export async function nameAllocationProfile(profile: AllocationProfile): Promise<void> {
  const frames = Array.from(allocationStacks(profile), ({ node }) => node.callFrame);
  const sources = await sourcesOf(frames);
  for (const frame of frames) {
    const file = sources.get(frame.url);
    if (file !== undefined) nameFrame(frame, file);
  }
}

/** Names a function by its source. Returns false if it has none. */
function nameFrame(frame: CallFrame, file: FileSources): boolean {
  const at = file.positionOf(frame.lineNumber + 1, frame.columnNumber + 1);
  if (at === undefined) return false;
  frame.url = at.file;
  frame.lineNumber = at.line - 1;
  frame.columnNumber = at.column - 1;
  return true;
}

/** Returns the source maps of the files of the application among these functions, by URL. */
async function sourcesOf(frames: readonly CallFrame[]): Promise<Map<string, FileSources>> {
  const urls = new Set(frames.map(({ url }) => url).filter(isOfApplication));
  const sources = new Map<string, FileSources>();
  for (const url of [...urls].slice(0, MAX_MAPS)) {
    try {
      const found = await readSourceMap(url.startsWith('file:') ? fileURLToPath(url) : url);
      if (found !== undefined) sources.set(url, found);
    } catch {
      // Without its source, a function is named by the file that runs.
    }
  }
  return sources;
}

function isOfApplication(url: string): boolean {
  return (url.startsWith('file:') || isAbsolute(url)) && !PACKAGE.test(url) && !SOURCE_FILE.test(url);
}
