import { styleSheet } from './areas.js';
import { routeList } from './routes.view.js';

let current;

/** The area of the routes: all of them, and the page of each (`#/routes/METHOD/ROUTE`). */
export const area = {
  async load(page) {
    const styles = Promise.all([styleSheet('diagnostics.css'), styleSheet('routes.css')]);
    const [method, route] = page.arguments;
    const view =
      method !== undefined && route !== undefined ? (await import('./route.view.js')).routePage : routeList;
    const show = await view.load(page);
    await styles;
    return () => {
      current = view;
      show();
    };
  },
  leave() {
    current?.leave();
    current = undefined;
  },
  redraw: () => current?.redraw(),
};
