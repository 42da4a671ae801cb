import { partTab, styleSheet, tabbedArea } from './areas.js';

/** The groups of errors, and the page of each (`#/errors/groups/ID`). */
const groups = {
  async load(page) {
    const styles = Promise.all([styleSheet('diagnostics.css'), styleSheet('routes.css')]);
    const view =
      page.arguments[0] === undefined
        ? (await import('./errors.view.js')).errorList
        : (await import('./error.view.js')).errorPage;
    const show = await view.load(page);
    await styles;
    return show;
  },
};

/** The area of the errors: their groups, and why operations were slow or failed. */
export const area = tabbedArea('errors', 'Errors', [
  ['groups', 'Errors', groups],
  ['operations', 'Slow and failed operations', partTab('Operations', () => import('./causes.part.js'))],
]);
