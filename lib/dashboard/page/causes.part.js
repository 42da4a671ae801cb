import { blockList } from './blocks.js';
import { causeKey } from './cause-key.js';
import { read } from './connection.js';
import { badge, element } from './elements.js';
import { EntryList, when } from './entries.js';
import { formatted } from './format.js';
import { recordBody } from './record.js';

const ms = (value) => formatted(value, 'milliseconds');

function causeList() {
  return new EntryList({
    title: 'Slow and failed operations',
    empty: 'No operation has been recorded in the last 15 minutes.',
    key: causeKey,
    keepsOpen: true,
    summary: ({ name, hasFailed, cause, count, maxDurationMs, lastAt }) => [
      element(
        'span',
        { class: 'row' },
        hasFailed ? badge('critical', 'failed') : badge('warning', ms(maxDurationMs)),
        element('strong', {}, name),
      ),
      element('span', {}, cause.text),
      element(
        'span',
        { class: 'row muted' },
        `${formatted(count)} ${count === 1 ? 'record' : 'records'}${hasFailed ? `, longest ${ms(maxDurationMs)}` : ''}`,
        when(lastAt),
      ),
    ],
    body: async ({ recordId }) => recordBody(await read('record', { id: recordId })),
  });
}

/** The causes of what is slow or fails now: records and blocks. */
export const part = {
  async load(page) {
    const [{ causes }, { blocks }] = await Promise.all([read('causes'), read('blocks')]);
    return (content) => {
      const { memory } = page;
      if (!memory.has('lists')) {
        const lists = [causeList(), blockList()];
        memory.set('lists', lists);
        content.replaceChildren(...lists.map(({ node }) => node));
      }
      const [causeEntries, blockEntries] = memory.get('lists');
      causeEntries.update(causes);
      blockEntries.update(blocks);
    };
  },
};
