import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { SourceMap, type SourceMapPayload } from 'node:module';
import { dirname, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { boundedLabelValue } from '../../primitives/bounded-label-values.js';
import { applicationFrame, type CodeFrame } from '../application-frame.js';

/** A place in the code of the application, such as `OrdersService.list (src/orders.service.ts:42:17)`. */
export interface CallSite {
  /** The place in the source, once its source map has been read; until then, in the file that runs. */
  readonly text: string;
}

/** Upper limit for kept places. Further ones are not read from source maps. */
const MAX_SITES = 5_000;
/** Upper limit for kept source maps. */
const MAX_MAPS = 200;
/** Maximum size of a source map, in bytes. */
const MAX_MAP_BYTES = 16 * 1024 * 1024;
/** Maximum length of a place, in UTF-16 code units. */
const MAX_LENGTH = 300;
/** Depth of the stack traces that are searched: an ORM has dozens of frames of its own. */
const STACK_DEPTH = 60;

const MAP_COMMENT = /^\/\/# sourceMappingURL=(?!data:)(\S+)\s*$/m;
const SOURCE_FILE = /\.[cm]?tsx?$/;

/** Finds the places of the application in stack traces, and names them by their source. */
export class CallSites {
  private readonly known = new Map<string, MappedSite>();
  private readonly files = new Map<string, boolean>();
  private readonly maps = new Map<string, Promise<SourceMap | undefined>>();

  /** @param root directory to which files are relative */
  constructor(private readonly root = process.cwd()) {}

  /** Returns the innermost place of the application that waits for the current function; undefined if there is none. */
  current(): CallSite | undefined {
    const { stackTraceLimit } = Error;
    const prepareStackTrace: unknown = Reflect.get(Error, 'prepareStackTrace');
    const holder: { stack?: unknown } = {};
    try {
      Error.stackTraceLimit = STACK_DEPTH;
      // The files that run: what prepares stack traces may name files of a source map, also within packages.
      Error.prepareStackTrace = (_, frames) => frames.map((frame) => `    at ${String(frame)}`).join('\n');
      Error.captureStackTrace(holder);
      return this.ofStack(holder.stack);
    } finally {
      Error.stackTraceLimit = stackTraceLimit;
      Reflect.set(Error, 'prepareStackTrace', prepareStackTrace);
    }
  }

  /** Returns the first place of the application in the stack trace of an error; undefined if there is none. */
  ofError(error: unknown): CallSite | undefined {
    try {
      return this.ofStack((error as { readonly stack?: unknown } | null)?.stack);
    } catch {
      // A getter or a proxy that throws.
      return undefined;
    }
  }

  private readonly exists = (file: string): boolean => {
    let exists = this.files.get(file);
    if (exists === undefined) {
      exists = existsSync(pathOf(file));
      if (this.files.size < MAX_SITES) this.files.set(file, exists);
    }
    return exists;
  };

  private ofStack(stack: unknown): CallSite | undefined {
    const frame = typeof stack === 'string' ? applicationFrame(stack, this.exists) : undefined;
    if (frame === undefined) return undefined;
    const key = `${frame.file}:${frame.line}:${frame.column}:${frame.name}`;
    let site = this.known.get(key);
    if (site === undefined) {
      site = { text: this.textOf(frame) };
      if (this.known.size < MAX_SITES) {
        this.known.set(key, site);
        if (!SOURCE_FILE.test(frame.file)) void this.readSource(site, frame);
      }
    }
    return site;
  }

  /** Replaces the text of a place by that of its source, if its file has a source map. */
  private async readSource(site: MappedSite, frame: CodeFrame): Promise<void> {
    try {
      const path = pathOf(frame.file);
      if (!this.maps.has(path) && this.maps.size >= MAX_MAPS) return;
      let map = this.maps.get(path);
      if (map === undefined) this.maps.set(path, (map = readSourceMap(path)));
      const entry = (await map)?.findEntry(frame.line - 1, frame.column - 1);
      if (entry === undefined || !('originalSource' in entry)) return;
      const file = resolve(dirname(path), pathOf(entry.originalSource));
      site.text = this.textOf({
        name: frame.name,
        file,
        line: entry.originalLine + 1,
        column: entry.originalColumn + 1,
      });
    } catch {
      // Without its source, a place is named by the file that runs.
    }
  }

  private textOf({ name, file, line, column }: CodeFrame): string {
    const position = `${relative(this.root, pathOf(file))}:${line}:${column}`;
    return boundedLabelValue(name === '' ? position : `${name} (${position})`, MAX_LENGTH);
  }
}

interface MappedSite extends CallSite {
  text: string;
}

async function readSourceMap(path: string): Promise<SourceMap | undefined> {
  const code = await readFile(path, 'utf8');
  const name = MAP_COMMENT.exec(code.slice(-2_000))?.[1];
  if (name === undefined) return undefined;
  const text = await readFile(resolve(dirname(path), decodeURI(name)), 'utf8');
  return text.length > MAX_MAP_BYTES ? undefined : new SourceMap(JSON.parse(text) as SourceMapPayload);
}

function pathOf(file: string): string {
  return file.startsWith('file:') ? fileURLToPath(file) : file;
}
