import { readFile } from 'node:fs/promises';
import { SourceMap, type SourceMapPayload } from 'node:module';
import { dirname, resolve } from 'node:path';

/** Maximum size of a source map, in bytes. */
const MAX_MAP_BYTES = 16 * 1024 * 1024;
const MAP_COMMENT = '//# sourceMappingURL=';
/** The start of a source map within the file itself. */
const INLINE_MAP = /^data:application\/json[^,]{0,100};base64,/;
const URL_OR_ABSOLUTE = /^(?:[a-z][a-z-]+:|\/)/;

/** A place in the source; line and column begin at 1. */
export interface SourcePosition {
  /** An absolute path, or a URL. */
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** The source map of one file. */
export class FileSources {
  /**
   * @param directory directory to which the root of the sources is relative
   * @param root root of the sources, which the class of Node does not apply
   */
  constructor(
    private readonly map: SourceMap,
    private readonly directory: string,
    private readonly root: string,
  ) {}

  /** Returns the place in the source; undefined if there is none. Line and column begin at 1. */
  positionOf(line: number, column: number): SourcePosition | undefined {
    const entry = this.map.findEntry(line - 1, column - 1);
    if (!('originalSource' in entry)) return undefined;
    const source = entry.originalSource;
    return {
      file: URL_OR_ABSOLUTE.test(source) ? source : resolve(this.directory, this.root, source),
      line: entry.originalLine + 1,
      column: entry.originalColumn + 1,
    };
  }
}

/** Reads the source map of a file; undefined if it has none. */
export async function readSourceMap(path: string): Promise<FileSources | undefined> {
  // Both at once: while the event loop is busy, each read takes seconds.
  const usual = `${path}.map`;
  const [code, usualText] = await Promise.all([
    readFile(path, 'utf8'),
    readFile(usual, 'utf8').catch(() => undefined),
  ]);
  const comment = code.lastIndexOf(MAP_COMMENT);
  if (comment < 0) return undefined;
  const [url = ''] = code.slice(comment + MAP_COMMENT.length).split(/\s/, 1);
  const inline = INLINE_MAP.exec(url.slice(0, 200))?.[0];
  if (inline !== undefined) {
    return sourcesIn(Buffer.from(url.slice(inline.length), 'base64').toString('utf8'), dirname(path));
  }
  const file = resolve(dirname(path), decodeURI(url));
  return sourcesIn(file === usual ? usualText : await readFile(file, 'utf8'), dirname(file));
}

function sourcesIn(text: string | undefined, directory: string): FileSources | undefined {
  if (text === undefined || text.length > MAX_MAP_BYTES) return undefined;
  const payload = JSON.parse(text) as SourceMapPayload;
  return new FileSources(new SourceMap(payload), directory, payload.sourceRoot ?? '');
}
