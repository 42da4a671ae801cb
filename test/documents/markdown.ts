import { textOf } from './documents.js';

/** A link or an image in a document. */
export interface Link {
  /** `README.md:53`, where it is. */
  readonly place: string;
  readonly target: string;
  readonly isImage: boolean;
}

/** A heading of a document. */
export interface Heading {
  readonly level: number;
  readonly text: string;
  /** The anchor that GitHub and npm give it. */
  readonly anchor: string;
}

/** Returns the links and images of a document, in its order. */
export function linksOf(document: string): Link[] {
  return proseLines(document).flatMap(({ line, number }) =>
    [...line.replaceAll(/`[^`]*`/g, '').matchAll(/(!?)\[[^\]]*\]\(([^)\s]+)\)/g)].map(
      ([, bang, target = '']) => ({ place: `${document}:${number}`, target, isImage: bang === '!' }),
    ),
  );
}

/** Returns the headings of a document, in its order. */
export function headingsOf(document: string): Heading[] {
  const seen = new Map<string, number>();
  return proseLines(document).flatMap(({ line }) => {
    const [, hashes = '', text = ''] = /^(#+) (.+)$/.exec(line) ?? [];
    if (hashes === '') return [];
    const anchor = anchorOf(text);
    const count = seen.get(anchor) ?? 0;
    seen.set(anchor, count + 1);
    return [{ level: hashes.length, text, anchor: count === 0 ? anchor : `${anchor}-${count}` }];
  });
}

function anchorOf(heading: string): string {
  return heading
    .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}_\- ]/gu, '')
    .replaceAll(' ', '-');
}

/** The lines outside of blocks of code, with their numbers. */
function proseLines(document: string): { line: string; number: number }[] {
  let isCode = false;
  return textOf(document)
    .split('\n')
    .flatMap((line, index) => {
      const isFence = line.startsWith('```');
      if (isFence) isCode = !isCode;
      return isCode || isFence ? [] : [{ line, number: index + 1 }];
    });
}
