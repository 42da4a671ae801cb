import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from '@jest/globals';

const LIB = resolve(import.meta.dirname, '../../lib');

/** Words that begin a riddle: a docstring begins with what the thing is, or with what it does. */
const OPENERS = /^(what|how|whether|who|whom|whose|where|when|why|of|as|that|those|so|to)\b/i;

/** Words of a dialect, each with the word that the field has for it. */
const DIALECT: Readonly<Record<string, RegExp>> = {
  'retention request': /\bwish(es)?\b/i,
  'departed workers': /\bestates?\b|\bbur(y|ial|ied)\b/i,
  degraded: /\bmakeshift\b/i,
  dependencies: /\bsurroundings\b/i,
  'worker connection': /\bworkerSeat\b/i,
  'rendezvous socket': /\bmeetingPlace\b/i,
  copyMethodMetadata: /\bdressed(As|Method)?\b/i,
  unregister: /\bunname\b/,
  'payload builder': /\bteller\b/i,
};

interface Docstring {
  readonly place: string;
  readonly text: string;
}

const sources = readdirSync(LIB, { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.ts'))
  .map((path) => ({ path, text: readFileSync(join(LIB, path), 'utf8') }));

function docstringsOf({ path, text }: { path: string; text: string }): Docstring[] {
  return [...text.matchAll(/\/\*\*(.*?)\*\//gs)].map(({ 1: body = '', index }) => ({
    place: `${path}:${text.slice(0, index).split('\n').length}`,
    text: body.replace(/^\s*\*\s?/gm, '').trim(),
  }));
}

describe('the docstrings of lib/', () => {
  const docstrings = sources.flatMap(docstringsOf);

  it('are many', () => {
    expect(docstrings.length).toBeGreaterThan(1_000);
  });

  it('begin with a noun phrase or a verb', () => {
    const riddles = docstrings.filter(({ text }) => OPENERS.test(text));
    expect(riddles.map(({ place, text }) => `${place} ${text.slice(0, 60)}`)).toEqual([]);
  });
});

describe('the sources of lib/', () => {
  it.each(Object.entries(DIALECT))('say "%s", as the field does', (_, dialect) => {
    const lines = sources.flatMap(({ path, text }) =>
      text
        .split('\n')
        .map((line, index) => ({ place: `${path}:${index + 1}`, line: line.trim() }))
        .filter(({ line }) => dialect.test(line)),
    );
    expect(lines.map(({ place, line }) => `${place} ${line}`)).toEqual([]);
  });
});
