// The blocks of the documents that are whole programs.
import { describe, expect, it } from '@jest/globals';
import { codeBlocksOf } from './code-blocks.js';
import { DOCUMENTS } from './documents.js';

const programs = DOCUMENTS.flatMap((document) => codeBlocksOf(document)).filter(({ code }) =>
  /^async function main\(/m.test(code),
);

describe('a program in the documents', () => {
  it('is there', () => {
    expect(programs.length).toBeGreaterThan(0);
  });

  it.each(programs)('runs when it is pasted: $place', ({ code }) => {
    expect(code).toMatch(/^(?:void|await) main\(\);$/m);
  });
});
