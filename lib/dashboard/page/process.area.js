import { partTab, tabbedArea } from './areas.js';
import { panelsView } from './panels.view.js';

/** The area of the process and the machine it runs on: what is looked at first comes first. */
export const area = tabbedArea('process', 'Process', [
  ['overview', 'Overview', partTab('Process', () => import('./process-overview.part.js'))],
  ['event-loop', 'Event loop', partTab('Event loop', () => import('./event-loop.part.js'))],
  ['memory', 'Memory', partTab('Memory', () => import('./memory.part.js'))],
  ['profiles', 'Profiles', partTab('Profiles', () => import('./profiles.part.js'))],
  ['process', 'In flight and settings', partTab('In flight and settings', () => import('./process.part.js'))],
  ['runtime', 'Runtime', panelsView('runtime')],
  ['system', 'System', panelsView('system')],
  ['last-exit', 'Last exit', partTab('Last exit', () => import('./last-exit.part.js'))],
  ['startup', 'Start-up', partTab('Start-up', () => import('./startup.part.js'))],
  ['log-levels', 'Log levels', partTab('Log levels', () => import('./logs.part.js'))],
]);
