import type { CallSite, CallSites } from '../../instrumentation/requests/call-sites.js';

/** A function that returns the place of the application in a frame; undefined if it is none. */
export type FindSite = (frame: string) => CallSite | undefined;

/** Returns a function that reads each frame once, since the stack traces of a block have most frames in common. */
export function siteFinder(sites: CallSites): FindSite {
  const found = new Map<string, CallSite | undefined>();
  return (frame) => {
    if (!found.has(frame)) found.set(frame, sites.ofStack(frame, 1)[0]);
    return found.get(frame);
  };
}
