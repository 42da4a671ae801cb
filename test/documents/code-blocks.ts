import { textOf } from './documents.js';

/** A block of code in a document. */
export interface CodeBlock {
  /** `README.md:53`, where its first line is. */
  readonly place: string;
  /** The path of the file that it would be, from the root of the repository, if its first line names one. */
  readonly path?: string;
  readonly code: string;
}

/**
 * A first line such as `// lib/collectors/uptime.collector.ts`, a file of this repository, or
 * `// src/app.module.ts`, a file of the application that the page describes.
 */
const FILE = /^\/\/ ((lib|test|src)\/\S+\.ts)\n/;

/** Returns the blocks of a document in one language. */
export function codeBlocksOf(document: string, language = 'ts'): CodeBlock[] {
  const text = textOf(document);
  return [...text.matchAll(/^```(\w+)\n(.*?)^```$/gms)]
    .filter(([, name]) => name === language)
    .map(({ index, 2: code = '' }) => {
      const place = `${document}:${text.slice(0, index).split('\n').length + 1}`;
      const [, file, folder] = FILE.exec(code) ?? [];
      if (file === undefined) return { place, code };
      return { place, path: folder === 'src' ? `${applicationOf(document)}/${file}` : file, code };
    });
}

/** The folder that the application of a page would be in. */
function applicationOf(document: string): string {
  return `test/documents/applications/${document.replace(/^docs\/|\.md$/g, '')}`;
}
