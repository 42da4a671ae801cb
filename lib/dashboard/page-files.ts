import { createHash } from 'node:crypto';
import { existsSync, readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, extname, join } from 'node:path';
import { promisify } from 'node:util';
import { constants, gzip } from 'node:zlib';

const compress = promisify(gzip);
/** Number of characters of an entity tag. */
const TAG_LENGTH = 16;

/** The document, without which there is no page. */
const INDEX = 'index.html';
/** A file by which the folder is told from one of the application with the same name. */
const OWN_FILE = 'icon-critical.svg';

/**
 * The files of the page are in a folder next to this module: its modules one by one in the sources, and bundled, with a
 * compressed copy of each, in the built package. A bundler of the application leaves them where they are, and those that
 * make CommonJS of this module, such as esbuild, leave `import.meta` empty.
 */
const PAGE = pageFolder(join((import.meta as Partial<ImportMeta>).dirname ?? __dirname, 'page'));

const CONTENT_TYPES: Readonly<Record<string, string>> = {
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/** The name of each file of uPlot, which draws the charts, by the name under which it is served. */
const UPLOT_FILES = [
  ['uplot.js', 'uPlot.iife.min.js'],
  ['uplot.css', 'uPlot.min.css'],
] as const;

/** Returns in words why there is no page, and what to do; undefined if there is one. */
export function missingPage(folder = PAGE): string | undefined {
  return existsSync(join(folder, INDEX))
    ? undefined
    : `The dashboard is off, since its page is not in ${folder}. Let the bundler leave the package nestjs-monitoring external, or set \`endpoints.dashboard\` to false.`;
}

/** Returns the HTML of the page. */
export function readPage(): Promise<string> {
  return readFile(join(PAGE, INDEX), 'utf8');
}

/**
 * Returns the folder next to this module, or that of the installed package if the module is part of another bundle.
 *
 * @param beside which need not exist
 */
export function pageFolder(beside: string): string {
  if (existsSync(join(beside, OWN_FILE))) return beside;
  try {
    return join(dirname(createRequire(beside).resolve('nestjs-monitoring/package.json')), 'dist/page');
  } catch {
    return beside;
  }
}

/** Returns the files that the page loads. Without the folder of the page there are only those of uPlot. */
export function pageFiles(): PageFile[] {
  const names = namesIn(PAGE);
  const own = names.filter((name) => extname(name) in CONTENT_TYPES);
  return [
    ...own.map((name) => new PageFile(name, () => join(PAGE, name), names.includes(`${name}.br`))),
    ...UPLOT_FILES.map(
      ([name, file]) => new PageFile(name, () => createRequire(PAGE).resolve(`uplot/dist/${file}`), false),
    ),
  ];
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

/** A coding in which a file can be sent. */
export type FileCoding = 'br' | 'gzip' | 'identity';

/** A file of the page. It is read and compressed off the event loop, and kept compressed only. */
export class PageFile {
  readonly contentType: string;
  private compressed: Promise<Buffer> | undefined;
  private brotli: Promise<Buffer> | undefined;
  private tagged: Promise<string> | undefined;

  /** @param hasBrotli true if there is a copy with `.br` after its name */
  constructor(
    readonly name: string,
    private readonly path: () => string,
    readonly hasBrotli: boolean,
  ) {
    this.contentType = CONTENT_TYPES[extname(name)] ?? 'application/octet-stream';
  }

  /** Returns the content in a coding. */
  content(coding: FileCoding): Promise<Buffer> {
    if (coding === 'identity') return this.read();
    if (coding === 'br') return (this.brotli ??= this.kept(readFile(`${this.path()}.br`)));
    return (this.compressed ??= this.kept(this.gzipped()));
  }

  /** Returns the entity tag of the content. It is weak, since it is the same in each coding. */
  tag(): Promise<string> {
    return (this.tagged ??= this.kept(this.read().then(tagOf)));
  }

  private async read(): Promise<Buffer> {
    return readFile(this.path());
  }

  private async gzipped(): Promise<Buffer> {
    return compress(await this.read(), { level: constants.Z_BEST_COMPRESSION });
  }

  /** Forgets everything after an error, so that the next request tries again. */
  private async kept<T>(promise: Promise<T>): Promise<T> {
    try {
      return await promise;
    } catch (error) {
      this.compressed = this.brotli = this.tagged = undefined;
      throw error;
    }
  }
}

function tagOf(content: Buffer): string {
  return `W/"${createHash('sha256').update(content).digest('base64url').slice(0, TAG_LENGTH)}"`;
}
