import { describe, expect, it } from '@jest/globals';
import { type ApplicationKind, checkCodeBlocks } from './code-block-checker.js';
import { type CodeBlock, codeBlocksOf } from './code-blocks.js';
import { DOCUMENTS } from './documents.js';
import { runExamples } from './examples.js';

const MISTAKE: CodeBlock = {
  place: 'a mistake',
  code: `registry.counter('orders_total', 'Orders.', { labelName: ['channel'] });\n`,
};

/** The code of the sample application is compiled where it is; its page shows parts of several files. */
const WITH_CODE = DOCUMENTS.filter((document) => document !== 'sample-app/README.md');

const blocks = WITH_CODE.flatMap((document) => codeBlocksOf(document));
const files = blocks.filter(({ path }) => path !== undefined);
/** Blocks of CONTRIBUTING.md are about this repository, which consists of ES modules. */
const ofApplications = blocks.filter(({ place }) => !place.startsWith('CONTRIBUTING.md'));

describe.each<[ApplicationKind, CodeBlock[]]>([
  ['ES modules, strict', blocks],
  ['CommonJS', ofApplications],
])('the code in the documents, in an application of %s', (kind, ofKind) => {
  const complaints = checkCodeBlocks([...ofKind, MISTAKE], kind);

  it.each(ofKind)('compiles: $place', ({ place }) => {
    expect(complaints.get(place)).toEqual([]);
  });

  it('would be complained of if it did not', () => {
    expect(complaints.get(MISTAKE.place)).toEqual([
      expect.stringMatching(/^line 1 .*'labelName' does not exist/s),
    ]);
  });
});

describe('the files in CONTRIBUTING.md', () => {
  it('are in pairs with their tests', () => {
    const paths = files.filter(({ place }) => place.startsWith('CONTRIBUTING.md')).map(({ path }) => path);
    expect(paths).toEqual([
      'lib/collectors/uptime.collector.ts',
      'test/collectors/uptime.collector.spec.ts',
      'lib/exporters/influx/influx.destination.ts',
      'test/exporters/influx/influx.destination.spec.ts',
    ]);
  });
});

await runExamples(files);
