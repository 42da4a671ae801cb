import { badge, element } from './elements.js';
import { EntryList, stackList, when } from './entries.js';
import { flame } from './flame.js';
import { treeOfBlock } from './flame-tree.js';
import { formatted } from './format.js';

const ms = (value) => formatted(value, 'milliseconds');

/** Returns the list of the blocks of the event loop, each with its flame graph. */
export function blockList() {
  return new EntryList({
    title: 'Blocks of the event loop',
    empty: 'The event loop has not been blocked, or diagnostics.blockedLoop is off.',
    key: ({ startedAt }) => startedAt,
    keepsOpen: true,
    summary: ({ startedAt, durationMs, culprit, cause }) => [
      element('span', { class: 'row' }, badge('warning', ms(durationMs)), element('strong', {}, culprit)),
      element('span', {}, cause),
      element('span', { class: 'row' }, when(startedAt)),
    ],
    body: ({ stacks, flame: tree, share, culprit }) =>
      stacks.length === 0
        ? element('p', { class: 'muted' }, 'No stack trace was taken.')
        : [
            share < 0.995 &&
              element('p', { class: 'muted' }, `${culprit} took ${formatted(share, 'ratio')} of it.`),
            flame(treeOfBlock(tree), { unit: 'milliseconds', caption: 'Flame graph of the block' }),
            ...stacks.map(({ ms: time, frames }) =>
              element('details', {}, element('summary', {}, `Stack trace of ${ms(time)}`), stackList(frames)),
            ),
          ].filter(Boolean),
  });
}
