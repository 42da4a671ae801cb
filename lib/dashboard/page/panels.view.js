import { Chart } from './charts.js';
import { read } from './connection.js';
import { element, fill, notice } from './elements.js';

/** The charts of a view. They are reused between updates. */
export class ChartGrid {
  constructor() {
    this.node = element('div', { class: 'panels' });
    this.charts = new Map();
  }

  /** @param {object[]} panels panels with data */
  update(panels) {
    for (const [title, chart] of this.charts) {
      if (panels.some((panel) => panel.title === title)) continue;
      chart.node.remove();
      chart.remove();
      this.charts.delete(title);
    }
    for (const panel of panels) {
      let chart = this.charts.get(panel.title);
      if (chart === undefined) {
        chart = new Chart(panel);
        this.charts.set(panel.title, chart);
        this.node.append(chart.node);
      }
      chart.update(panel);
    }
  }

  redraw() {
    for (const chart of this.charts.values()) chart.draw();
  }

  remove() {
    for (const chart of this.charts.values()) chart.remove();
    this.charts.clear();
  }
}

/** Returns a view that consists of charts. */
export function panelsView(name) {
  let grid;
  return {
    async load(page) {
      const { title, empty, panels } = await read('view', page.query({ name }));
      return () => {
        if (panels.length === 0) {
          fill(page.main, element('h1', {}, title), notice('No data', empty));
          return;
        }
        if (grid === undefined || !grid.node.isConnected) {
          grid = new ChartGrid();
          fill(page.main, element('h1', {}, title), grid.node);
        }
        page.memory.set('shown', true);
        grid.update(panels);
      };
    },
    leave: () => grid?.remove(),
    redraw: () => grid?.redraw(),
  };
}
