import { describe, expect, it } from '@jest/globals';
import { checkCodeBlocks } from './code-block-checker.js';
import { type CodeBlock, codeBlocksOf } from './code-blocks.js';
import { runExamples } from './examples.js';

const DOCUMENTS = ['README.md', 'CONTRIBUTING.md'];
const MISTAKE: CodeBlock = {
  place: 'a mistake',
  code: `registry.counter('orders_total', 'Orders.', { labelName: ['channel'] });\n`,
};

const blocks = DOCUMENTS.flatMap(codeBlocksOf);
const files = blocks.filter(({ path }) => path !== undefined);
const complaints = checkCodeBlocks([...blocks, MISTAKE]);

describe('the code in the documents', () => {
  it.each(blocks)('compiles: $place', ({ place }) => {
    expect(complaints.get(place)).toEqual([]);
  });

  it('would be complained of if it did not', () => {
    expect(complaints.get(MISTAKE.place)).toEqual([
      expect.stringMatching(/^line 1 .*'labelName' does not exist/s),
    ]);
  });
});

describe('the files in the documents', () => {
  it('are those of CONTRIBUTING.md, in pairs with their tests', () => {
    expect(files.map(({ path }) => path)).toEqual([
      'lib/collectors/uptime.collector.ts',
      'test/collectors/uptime.collector.spec.ts',
      'lib/exporters/influx/influx.destination.ts',
      'test/exporters/influx/influx.destination.spec.ts',
    ]);
  });
});

await runExamples(files);
