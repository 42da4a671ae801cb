import { readFileSync } from 'node:fs';

/** A block of TypeScript in a document. */
export interface CodeBlock {
  /** `README.md:53`, where its first line is. */
  readonly place: string;
  /** Which file of the repository it would be, if its first line says so. */
  readonly path?: string;
  readonly code: string;
}

const BLOCK = /^```ts\n(?<code>.*?)^```$/gms;
/** A first line such as `// lib/collectors/uptime.collector.ts`. */
const FILE = /^\/\/ ((?:lib|test)\/\S+\.ts)\n/;

/** The blocks of TypeScript in a document of this repository. */
export function codeBlocksOf(document: string): CodeBlock[] {
  const text = readFileSync(new URL(`../../${document}`, import.meta.url), 'utf8');
  return [...text.matchAll(BLOCK)].map(({ index, groups }) => {
    const place = `${document}:${text.slice(0, index).split('\n').length + 1}`;
    const code = groups?.['code'] ?? '';
    const [, path] = FILE.exec(code) ?? [];
    return { place, code, ...(path !== undefined && { path }) };
  });
}
