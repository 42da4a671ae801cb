import { partTab, tabbedArea } from './areas.js';
import { panelsView } from './panels.view.js';

/** The area of the process and the machine it runs on. */
export const area = tabbedArea('process', 'Process', [
  ['process', 'Process', partTab('Process', () => import('./process.part.js'))],
  ['runtime', 'Runtime', panelsView('runtime')],
  ['system', 'System', panelsView('system')],
  ['memory', 'Memory', partTab('Memory', () => import('./memory.part.js'))],
  ['profiles', 'Profiles', partTab('Profiles', () => import('./profiles.part.js'))],
  ['last-exit', 'Last exit', partTab('Last exit', () => import('./last-exit.part.js'))],
  ['startup', 'Start-up', partTab('Start-up', () => import('./startup.part.js'))],
  ['log-levels', 'Log levels', partTab('Log levels', () => import('./logs.part.js'))],
]);
