import { partTab } from './areas.js';

/** The area of the errors: their groups, and what made operations slow or fail. */
export const area = partTab('Errors', () => import('./causes.part.js'));
