import { tabbedArea } from './areas.js';
import { panelsView } from './panels.view.js';

/** The area of what the application depends on: databases, caches, queues and remote hosts. */
export const area = tabbedArea('dependencies', 'Dependencies', [
  ['database', 'Databases', panelsView('database')],
  ['cache', 'Caches', panelsView('cache')],
  ['jobs', 'Jobs and messages', panelsView('jobs')],
]);
