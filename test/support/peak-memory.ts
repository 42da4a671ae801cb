import { readFileSync, writeFileSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** Returns the peak of the resident memory since it began anew, or since the process started, in bytes. */
function peak(): number {
  try {
    return Number(/^VmHWM:\s*(\d+)/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]) * 1024;
  } catch {
    return process.resourceUsage().maxRSS * 1024;
  }
}

/** Lets the peak begin anew from what is resident now. Only Linux can do that. */
function beginPeakAnew(): void {
  try {
    writeFileSync('/proc/self/clear_refs', '5');
  } catch {
    // It stays as it is, so that nothing that was too much is forgotten.
  }
}

/**
 * Returns by how much the resident memory is larger than before while work is done, at the peak, in bytes. If that is not
 * less than a limit, the work is done again, up to three times: what else the process does may have taken it.
 */
export async function peakGrowth(work: () => Promise<void>, limitBytes: number): Promise<number> {
  setFlagsFromString('--expose-gc');
  const collectGarbage = runInNewContext('gc') as () => void;
  beginPeakAnew();
  const before = peak();
  let grown = Infinity;
  for (let tries = 0; tries < 3 && grown >= limitBytes; tries++) {
    if (tries > 0) collectGarbage();
    beginPeakAnew();
    await work();
    grown = peak() - before;
  }
  return grown;
}
