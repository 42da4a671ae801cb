/**
 * A function in a flame graph: its value is its own, and that of what it called.
 *
 * @typedef {{ name: string, place: string, kind: 'own' | 'package' | 'node' | 'folded', value: number, own: number, children: FlameNode[] }} FlameNode
 */

/** A function and its place in parentheses. */
const FRAME = /^(.*?) \(([^()]*)\)$/;
/** The folder of a package. */
const PACKAGE = /.*node_modules\/((?:@[^/]+\/)?[^/]+)/;
/** The shortest run of frames that is folded into one. */
const MIN_FOLDED = 3;

/**
 * Returns the tree of a block of the event loop, in milliseconds.
 *
 * @param {{ name: string, value: number, children: object[] }} block a name has its place in parentheses, or is one
 * @returns {FlameNode}
 */
export function treeOfBlock({ name: text, value, children }) {
  const [, name, place] = FRAME.exec(text) ?? [undefined, fileOf(text), text];
  const callees = children.map(treeOfBlock);
  const own = callees.reduce((rest, callee) => rest - callee.value, value);
  return {
    ...newNode(name || 'All', place === '<anonymous>' ? '' : place),
    value,
    own: Math.max(0, own),
    children: callees,
  };
}

/**
 * Returns the tree of a CPU profile of V8, in milliseconds, without the time in which the process was idle.
 *
 * @returns {FlameNode}
 */
export function treeOfCpuProfile({ nodes, samples = [], timeDeltas = [] }) {
  const own = new Map();
  for (const [i, id] of samples.entries()) {
    // A sample lasts until the next one.
    const microseconds = timeDeltas[i + 1] ?? 0;
    own.set(id, (own.get(id) ?? 0) + Math.max(0, microseconds) / 1000);
  }
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const root = newNode('All', '');
  const add = (parent, { id, callFrame, children = [] }) => {
    if (callFrame.functionName === '(idle)') return;
    const node = childOf(parent, callFrame.functionName, placeOf(callFrame));
    node.own += own.get(id) ?? 0;
    for (const child of children) add(node, byId.get(child));
  };
  for (const child of nodes[0].children ?? []) add(root, byId.get(child));
  return sorted(summed(root));
}

/**
 * Returns the tree of a sampled allocation profile of V8, in bytes.
 *
 * @returns {FlameNode}
 */
export function treeOfAllocations({ head }) {
  const root = newNode('All', '');
  const add = (parent, { callFrame, selfSize, children }) => {
    const node = childOf(parent, callFrame.functionName, placeOf(callFrame));
    node.own += selfSize;
    for (const child of children) add(node, child);
  };
  for (const child of head.children) add(root, child);
  return sorted(summed(root));
}

/**
 * Returns a tree in which runs of frames that are not of the application are one frame.
 *
 * @param {FlameNode} root
 * @returns {FlameNode}
 */
export function folded(root) {
  return { ...root, children: root.children.map(foldedRun) };
}

function foldedRun(node) {
  const run = [];
  let end = node;
  while (end.kind !== 'own' && end.children.length === 1 && end.own === 0) {
    run.push(end);
    [end] = end.children;
  }
  if (run.length < MIN_FOLDED) return folded(node);
  const packages = [...new Set(run.map(({ place }) => PACKAGE.exec(place)?.[1] ?? 'Node.js'))];
  return {
    name: `${run.length} frames of ${packages.slice(0, 3).join(', ')}${packages.length > 3 ? ' and others' : ''}`,
    place: '',
    kind: 'folded',
    value: node.value,
    own: 0,
    children: [folded(end)],
  };
}

/**
 * Returns the functions of a tree with their own value, and with their value including what they called. A recursive
 * function counts once.
 *
 * @param {FlameNode} root
 * @returns {{ name: string, place: string, kind: string, value: number, own: number }[]} the highest own value first
 */
export function functionsOf(root) {
  const functions = new Map();
  const callers = new Set();
  const add = ({ name, place, kind, value, own, children }) => {
    const key = `${name}\n${place}`;
    const known = functions.get(key) ?? { name, place, kind, value: 0, own: 0 };
    functions.set(key, known);
    known.own += own;
    const isOutermost = !callers.has(key);
    if (isOutermost) {
      known.value += value;
      callers.add(key);
    }
    for (const child of children) add(child);
    if (isOutermost) callers.delete(key);
  };
  for (const child of root.children) add(child);
  return [...functions.values()].toSorted((a, b) => b.own - a.own || b.value - a.value);
}

function newNode(name, place) {
  return { name, place, kind: kindOf(place), value: 0, own: 0, children: [] };
}

function childOf(node, functionName, place) {
  // A function without a name is called by its file and line.
  const name = functionName || fileOf(place) || '(anonymous)';
  const known = node.children.find((child) => child.name === name && child.place === place);
  if (known !== undefined) return known;
  const child = newNode(name, place);
  node.children.push(child);
  return child;
}

/** Returns the name of the file of a place, with the line. */
function fileOf(place) {
  return place.slice(place.lastIndexOf('/') + 1);
}

function kindOf(place) {
  if (place.includes('node_modules/')) return 'package';
  return place === '' || /^(?:node:|native|<anonymous>|internal\/)/.test(place) ? 'node' : 'own';
}

/** Returns the place of a frame of V8, whose lines and columns begin at 0. */
function placeOf({ url, lineNumber, columnNumber }) {
  return url === '' ? '' : `${url}:${lineNumber + 1}:${columnNumber + 1}`;
}

function summed(node) {
  node.value = node.own;
  for (const child of node.children) node.value += summed(child).value;
  return node;
}

function sorted(node) {
  node.children.sort((a, b) => b.value - a.value);
  for (const child of node.children) sorted(child);
  return node;
}
