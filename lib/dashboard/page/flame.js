import { element, fill } from './elements.js';
import { bars } from './entries.js';
import { folded, functionsOf } from './flame-tree.js';
import { formatted } from './format.js';

/** The height of a row in pixels: enough for a finger. */
const ROW_HEIGHT = 26;
/** The smallest share of the width that is drawn. */
const MIN_SHARE = 0.002;
const MAX_FRAMES = 800;
/** The most functions in the list. */
const MAX_FUNCTIONS = 20;

/** The colors of the frames of a stack trace. */
const LEGEND = [
  ['own', 'Application'],
  ['package', 'Packages'],
  ['node', 'Node.js'],
];

/**
 * A flame graph, with what was called below its caller. A function is shown in full width by a click, a touch or Enter;
 * the arrow keys go from one to the next.
 */
class FlameGraph {
  /**
   * @param {import('./flame-tree.js').FlameNode} tree
   * @param {{ unit: string, caption: string, legend?: [kind: string, title: string][] }} options
   */
  constructor(tree, { unit, caption, legend = LEGEND }) {
    this.tree = tree;
    this.unit = unit;
    this.frames = element('div', { class: 'flame', role: 'tree', 'aria-label': caption });
    this.detail = element('p', { class: 'flame-detail' });
    this.allButton = element(
      'button',
      { type: 'button', 'aria-pressed': 'false', onclick: () => this.showAllFrames() },
      'Every frame',
    );
    this.resetButton = element(
      'button',
      { type: 'button', onclick: () => this.zoom(this.root) },
      'Whole graph',
    );
    this.frames.addEventListener('keydown', (event) => this.press(event));
    this.frames.addEventListener('click', ({ target }) => this.zoom(this.placedAt(target)?.node));
    this.frames.addEventListener('focusin', ({ target }) => this.select(this.placedAt(target)));
    this.frames.addEventListener('pointerover', ({ target }) => this.describe(this.placedAt(target)?.node));
    this.frames.addEventListener('pointerleave', () => this.describe(this.selected?.node));
    this.setRoot(folded(tree));
    this.node = element(
      'figure',
      { class: 'stack', 'aria-label': caption },
      element(
        'div',
        { class: 'row' },
        countFrames(this.root) < countFrames(tree) && this.allButton,
        this.resetButton,
        ...legend.map(([kind, title]) => element('span', { class: 'kind', 'data-kind': kind }, title)),
      ),
      this.frames,
      this.detail,
    );
  }

  setRoot(root) {
    this.root = root;
    this.zoomed = root;
    this.draw();
  }

  showAllFrames() {
    const all = this.allButton.getAttribute('aria-pressed') === 'false';
    this.allButton.setAttribute('aria-pressed', String(all));
    this.setRoot(all ? this.tree : folded(this.tree));
  }

  /** Shows a function and what it called in full width. */
  zoom(node) {
    if (node === undefined) return;
    const isFolded = node.kind === 'folded';
    if (isFolded) {
      this.showAllFrames();
      return;
    }
    this.zoomed = node;
    this.draw();
    const placed = this.placed.find((each) => each.node === node);
    placed.frame.focus({ preventScroll: true });
  }

  draw() {
    this.placed = [];
    const path = pathTo(this.root, this.zoomed);
    path.slice(0, -1).forEach((node, depth) => this.place(node, depth, 0, 1, path[depth - 1]));
    this.placeTree(this.zoomed, path.length - 1, 0, 1, path.at(-2));
    this.frames.style.height = `${(Math.max(...this.placed.map(({ depth }) => depth)) + 1) * ROW_HEIGHT}px`;
    this.frames.replaceChildren(...this.placed.map(({ frame }) => frame));
    this.resetButton.disabled = this.zoomed === this.root;
    this.select(this.placed.find(({ node }) => node === this.zoomed));
  }

  placeTree(node, depth, left, width, parent) {
    if (width < MIN_SHARE || this.placed.length >= MAX_FRAMES) return;
    this.place(node, depth, left, width, parent);
    let at = left;
    for (const child of node.children) {
      const share = node.value === 0 ? 0 : (child.value / node.value) * width;
      this.placeTree(child, depth + 1, at, share, node);
      at += share;
    }
  }

  place(node, depth, left, width, parent) {
    const frame = element(
      'div',
      {
        class: 'frame',
        role: 'treeitem',
        tabindex: '-1',
        'aria-level': depth + 1,
        'aria-label': this.textOf(node),
        'data-kind': node.kind,
      },
      width > 0.02 && node.name,
    );
    frame.style.top = `${depth * ROW_HEIGHT}px`;
    frame.style.left = `${left * 100}%`;
    frame.style.width = `${width * 100}%`;
    this.placed.push({ node, parent, depth, frame });
  }

  placedAt(target) {
    return this.placed.find(({ frame }) => frame === target);
  }

  /** Lets the keyboard come back to a frame. */
  select(placed) {
    if (placed === undefined) return;
    this.selected?.frame.setAttribute('tabindex', '-1');
    this.selected?.frame.removeAttribute('aria-selected');
    this.selected = placed;
    placed.frame.setAttribute('tabindex', '0');
    placed.frame.setAttribute('aria-selected', 'true');
    this.describe(placed.node);
  }

  describe(node) {
    if (node === undefined) return;
    fill(
      this.detail,
      element('strong', {}, node.name),
      ` ${this.valueOf(node)}`,
      node.place !== '' && element('code', {}, node.place),
    );
  }

  textOf(node) {
    return `${node.name}, ${this.valueOf(node)}`;
  }

  valueOf({ value, own }) {
    const share = this.tree.value === 0 ? 0 : value / this.tree.value;
    const total = `${formatted(value, this.unit)}, ${formatted(share, 'ratio')}`;
    return own > 0 && own < value ? `${total}, of it ${formatted(own, this.unit)} its own` : total;
  }

  press(event) {
    const { node, parent, depth } = this.selected;
    const row = this.placed.filter((each) => each.depth === depth);
    const at = row.indexOf(this.selected);
    const targets = {
      ArrowDown: () => this.placed.find((each) => each.parent === node),
      ArrowUp: () => this.placed.find((each) => each.node === parent),
      ArrowRight: () => row[at + 1],
      ArrowLeft: () => row[at - 1],
      Home: () => this.placed[0],
    };
    if (event.key in targets) targets[event.key]()?.frame.focus();
    else if (event.key === 'Enter' || event.key === ' ') this.zoom(node);
    else if (event.key === 'Escape') this.zoom(this.root);
    else return;
    event.preventDefault();
  }
}

function countFrames({ children }) {
  return children.reduce((sum, child) => sum + countFrames(child), 1);
}

/** Returns the nodes from the root to a node. */
function pathTo(root, target) {
  if (root === target) return [root];
  for (const child of root.children) {
    const path = pathTo(child, target);
    if (path.length > 0) return [root, ...path];
  }
  return [];
}

/** Returns the functions by their own time or memory, each with a bar. */
function functionList(tree, { unit }) {
  const functions = functionsOf(tree).filter(({ own }) => own > 0);
  const rows = functions.slice(0, MAX_FUNCTIONS).map(({ name, place, value, own }) => ({
    name,
    note: place,
    value: formatted(own, unit),
    valueNote: value > own ? `of ${formatted(value, unit)}` : undefined,
    share: own / tree.value,
  }));
  return [
    bars('Functions', rows),
    functions.length > MAX_FUNCTIONS &&
      element('p', { class: 'muted' }, `${functions.length - MAX_FUNCTIONS} more functions with less`),
  ].filter(Boolean);
}

/**
 * Returns a flame graph, and its functions as a list.
 *
 * @param {import('./flame-tree.js').FlameNode} tree
 * @param {{ unit: 'milliseconds' | 'bytes', caption: string, legend?: [kind: string, title: string][] }} options
 */
export function flame(tree, options) {
  const list = element(
    'details',
    { class: 'as-list' },
    element(
      'summary',
      {},
      `As a list, by each function's own ${options.unit === 'bytes' ? 'memory' : 'time'}`,
    ),
  );
  list.addEventListener('toggle', () => list.append(...functionList(tree, options)), { once: true });
  return element('div', { class: 'stack' }, new FlameGraph(tree, options).node, list);
}
