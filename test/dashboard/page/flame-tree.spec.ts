import { describe, expect, it } from '@jest/globals';

interface Tree {
  readonly name: string;
  readonly place: string;
  readonly kind: string;
  readonly value: number;
  readonly own: number;
  readonly children: readonly Tree[];
}

/** The script of the page, which has no types. */
const { folded, functionsOf, treeOfAllocations, treeOfBlock, treeOfCpuProfile } = (await import(
  String(new URL('../../../lib/dashboard/page/flame-tree.js', import.meta.url))
)) as {
  readonly folded: (tree: Tree) => Tree;
  readonly functionsOf: (tree: Tree) => readonly Omit<Tree, 'children'>[];
  readonly treeOfAllocations: (profile: object) => Tree;
  readonly treeOfBlock: (block: object) => Tree;
  readonly treeOfCpuProfile: (profile: object) => Tree;
};

/** A tree in short: names with their values, and what they called. */
function short({ name, value, children }: Tree): unknown {
  return children.length === 0 ? `${name} ${value}` : [`${name} ${value}`, ...children.map(short)];
}

function block(name: string, value: number, ...children: readonly object[]): object {
  return { name, value, children };
}

describe('the flame graph of a block of the event loop', () => {
  it('has the name, the place, the kind and the own time of each function', () => {
    const tree = treeOfBlock(
      block(
        '',
        600,
        block(
          'next (node_modules/router/index.js)',
          600,
          block('Reports.total (src/reports.ts)', 590, block('JSON.parse (<anonymous>)', 488)),
        ),
      ),
    );
    expect(tree).toMatchObject({ name: 'All', value: 600, own: 0 });
    expect(functionsOf(tree)).toEqual([
      { name: 'JSON.parse', place: '', kind: 'node', value: 488, own: 488 },
      { name: 'Reports.total', place: 'src/reports.ts', kind: 'own', value: 590, own: 102 },
      { name: 'next', place: 'node_modules/router/index.js', kind: 'package', value: 600, own: 10 },
    ]);
  });

  it('calls a function without a name by its file and line', () => {
    const [child] = treeOfBlock(block('', 5, block('src/reports.ts:42', 5))).children;
    expect(child).toMatchObject({ name: 'reports.ts:42', place: 'src/reports.ts:42', kind: 'own' });
  });

  it('is empty without samples', () => {
    expect(treeOfBlock(block('', 0))).toMatchObject({ value: 0, children: [] });
  });

  it('keeps a name that looks like anything else', () => {
    const names = ['<img src=x> (src/a.ts)', '((( (src/a.ts)', 'a (b) (src/a.ts)', 'get x (src/a.ts)'];
    const tree = treeOfBlock(block('', 4, ...names.map((name) => block(name, 1))));
    expect(tree.children.map(({ name }) => name)).toEqual(['<img src=x>', '(((', 'a (b)', 'get x']);
  });
});

describe('the flame graph of a CPU profile', () => {
  const call = (functionName: string, url = 'file:///app/src/a.js') => ({
    functionName,
    url,
    lineNumber: 4,
    columnNumber: 2,
  });

  it('gives each sample the time until the next one, and leaves out the time in which the process was idle', () => {
    const tree = treeOfCpuProfile({
      nodes: [
        { id: 1, callFrame: call('(root)', ''), children: [2, 3] },
        { id: 2, callFrame: call('work'), children: [4] },
        { id: 3, callFrame: call('(idle)', '') },
        { id: 4, callFrame: call('hash') },
      ],
      samples: [3, 2, 4, 4, 3],
      timeDeltas: [0, 9_000, 1_000, 2_000, 3_000],
    });
    expect(short(tree)).toEqual(['All 6', ['work 6', 'hash 5']]);
    expect(tree.children[0]).toMatchObject({ place: 'file:///app/src/a.js:5:3', own: 1 });
  });

  it('joins a function that V8 lists more than once below one caller', () => {
    const tree = treeOfCpuProfile({
      nodes: [
        { id: 1, callFrame: call('(root)', ''), children: [2, 3] },
        { id: 2, callFrame: call('work') },
        { id: 3, callFrame: call('work') },
      ],
      samples: [2, 3, 3],
      timeDeltas: [0, 1_000, 1_000],
    });
    expect(short(tree)).toEqual(['All 2', 'work 2']);
  });

  it('is empty for a profile without samples', () => {
    expect(treeOfCpuProfile({ nodes: [{ id: 1, callFrame: call('(root)', '') }] }).children).toEqual([]);
  });
});

describe('the flame graph of an allocation profile', () => {
  it('adds up the bytes of each function and of what it called', () => {
    const node = (functionName: string, selfSize: number, ...children: readonly object[]) => ({
      callFrame: { functionName, url: 'node:fs', lineNumber: 0, columnNumber: 0 },
      selfSize,
      children,
    });
    const tree = treeOfAllocations({
      head: node('(root)', 0, node('small', 10), node('big', 5, node('leak', 100))),
    });
    expect(short(tree)).toEqual(['All 115', ['big 105', 'leak 100'], 'small 10']);
  });
});

describe('frames that are not of the application', () => {
  const express = (name: string, ...children: readonly object[]) =>
    block(`${name} (node_modules/express/index.js)`, 9, ...children);

  it('are one frame from three on, which says whose they are', () => {
    const tree = treeOfBlock(
      block(
        '',
        9,
        block(
          'onTimeout (node:timers)',
          9,
          express('a', block('b (node_modules/@nestjs/core/x.js)', 9, block('Own.c (src/c.ts)', 9))),
        ),
      ),
    );
    expect(short(folded(tree))).toEqual([
      'All 9',
      ['3 frames of Node.js, express, @nestjs/core 9', 'Own.c 9'],
    ]);
    expect(short(tree)).toEqual(['All 9', ['onTimeout 9', ['a 9', ['b 9', 'Own.c 9']]]]);
  });

  it('stay where there are few, where the time is spent, and where it divides', () => {
    const own = block('Own.c (src/c.ts)', 4);
    const trees = [
      block('', 9, express('a', express('b', block('Own.c (src/c.ts)', 9)))),
      block('', 9, express('a', express('b', express('c')))),
      block('', 9, express('a', express('b', own, own))),
    ];
    for (const tree of trees.map(treeOfBlock)) expect(short(folded(tree))).toEqual(short(tree));
  });
});

describe('the functions of a flame graph', () => {
  it('count a recursive function once', () => {
    const tree = treeOfBlock(
      block('', 9, block('walk (src/a.ts)', 9, block('walk (src/a.ts)', 8, block('walk (src/a.ts)', 5)))),
    );
    expect(functionsOf(tree)).toEqual([{ name: 'walk', place: 'src/a.ts', kind: 'own', value: 9, own: 9 }]);
  });
});
