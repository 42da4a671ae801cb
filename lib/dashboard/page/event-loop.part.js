import { blockList } from './blocks.js';
import { read } from './connection.js';
import { fill } from './elements.js';
import { ChartGrid } from './panels.view.js';

let grid;

/** The event loop: what blocked it, and its delay over time. */
export const part = {
  async load(page) {
    const [{ blocks }, { panels }] = await Promise.all([
      read('blocks'),
      read('view', page.query({ name: 'event-loop' })),
    ]);
    return (node) => {
      const { memory } = page;
      if (!memory.has('blocks')) {
        grid = new ChartGrid();
        memory.set('blocks', blockList());
        fill(node, grid.node, memory.get('blocks').node);
      }
      grid.update(panels);
      memory.get('blocks').update(blocks);
    };
  },
  leave: () => grid?.remove(),
  redraw: () => grid?.redraw(),
};
