import { CACHE } from './cache-view.js';
import { DATABASE } from './database-view.js';
import { OVERVIEW, REQUESTS } from './http-views.js';
import { JOBS } from './jobs-view.js';
import type { View } from './panel.js';
import { EVENT_LOOP, MEMORY, PROCESS, RUNTIME } from './runtime-view.js';
import { SYSTEM } from './system-view.js';

/** The views with fixed charts. A chart without data is left out. */
export const VIEWS: readonly View[] = [
  OVERVIEW,
  REQUESTS,
  PROCESS,
  EVENT_LOOP,
  MEMORY,
  RUNTIME,
  SYSTEM,
  DATABASE,
  CACHE,
  JOBS,
];
