import { Chart } from './charts.js';
import { read } from './connection.js';
import { element, fill, notice, patch } from './elements.js';

/** The charts of a view. They are reused between updates. */
export class ChartGrid {
  constructor() {
    this.node = element('div', { class: 'panels' });
    this.charts = new Map();
  }

  /** @param {object[]} panels panels with data */
  update(panels) {
    const before = this.charts;
    this.charts = new Map();
    for (const panel of panels) {
      // Two of the same title are two charts.
      let key = panel.title;
      while (this.charts.has(key)) key += ' ';
      const chart = before.get(key) ?? new Chart(panel);
      this.charts.set(key, chart);
      if (!before.delete(key)) this.node.append(chart.node);
      chart.update(panel);
    }
    for (const chart of before.values()) {
      chart.node.remove();
      chart.remove();
    }
  }

  redraw() {
    for (const chart of this.charts.values()) chart.draw();
  }

  remove() {
    this.update([]);
  }
}

/** Returns what is to be said about the history of the metrics of a view. */
export function noteList(notes = []) {
  return notes.map((note) => element('p', { class: 'help' }, note));
}

/** Returns a view that consists of charts. */
export function panelsView(name) {
  let grid;
  const notes = element('div');
  return {
    async load(page) {
      const view = await read('view', page.query({ name }));
      const { title, empty, panels } = view;
      return () => {
        if (panels.length === 0) {
          fill(page.main, element('h1', {}, title), notice('No data', empty), ...noteList(view.notes));
          return;
        }
        if (grid === undefined || !grid.node.isConnected) {
          grid = new ChartGrid();
          fill(page.main, element('h1', {}, title), notes, grid.node);
        }
        page.memory.set('shown', true);
        patch(notes, ...noteList(view.notes));
        grid.update(panels);
      };
    },
    leave: () => grid?.remove(),
    redraw: () => grid?.redraw(),
  };
}
