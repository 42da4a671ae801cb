import { styleSheet } from './areas.js';
import { read } from './connection.js';
import { element, fill, notice } from './elements.js';
import { PanelList } from './own-panels.js';

/** The pages of the application, each with the panels that its methods with `@DashboardPanel()` return. */
export const area = {
  async load(page) {
    const [title = 'Application'] = page.arguments;
    const [answer] = await Promise.all([
      read('panels', page.query({ page: title })).catch((error) => {
        if (error.status === 404) return undefined;
        throw error;
      }),
      styleSheet('panels.css'),
    ]);
    return () => {
      if (answer === undefined) {
        fill(
          page.main,
          element('h1', {}, title),
          notice('No panels', 'No method has @DashboardPanel() for this page.'),
        );
        return;
      }
      let list = page.memory.get('own panels');
      if (list === undefined) {
        list = new PanelList(page);
        page.memory.set('own panels', list);
        fill(page.main, element('h1', {}, title), list.node);
      }
      list.update(answer);
    };
  },
};
