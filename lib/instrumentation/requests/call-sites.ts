import { existsSync } from 'node:fs';
import { relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { boundedLabelValue } from '../../primitives/bounded-label-values.js';
import { applicationFrames, type CodeFrame, isWebpackSource } from '../application-frame.js';
import { type FileSources, readSourceMap } from '../source-maps.js';
import { stackTraceOf } from '../stack-trace.js';

/** A place in the code of the application, such as `OrdersService.list (src/orders.service.ts:42:17)`. */
export interface CallSite {
  /** Name of the function, such as `OrdersService.list`; empty at the top level of a file and for one without a name. */
  readonly name: string;
  /** The place in the file that runs, which never changes. */
  readonly key: string;
  /** The place in the source, once its source map has been read; until then, in the file that runs. */
  readonly text: string;
}

/** Upper limit for kept places. Further ones are not read from source maps. */
const MAX_SITES = 5_000;
/** Upper limit for kept source maps. */
const MAX_MAPS = 200;
/** Maximum length of a place, in UTF-16 code units. */
const MAX_LENGTH = 300;
/** Depth of the stack traces that are searched: an ORM has dozens of frames of its own. */
const STACK_DEPTH = 60;

const SOURCE_FILE = /\.[cm]?tsx?$/;

/** Finds the places of the application in stack traces, and names them by their source. */
export class CallSites {
  private readonly known = new Map<string, MappedSite>();
  private readonly files = new Map<string, boolean>();
  private readonly maps = new Map<string, Promise<FileSources | undefined>>();

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
      return typeof holder.stack === 'string' ? this.ofStack(holder.stack, 1)[0] : undefined;
    } catch {
      // The application has frozen `Error`.
      return undefined;
    } finally {
      Reflect.set(Error, 'stackTraceLimit', stackTraceLimit);
      Reflect.set(Error, 'prepareStackTrace', prepareStackTrace);
    }
  }

  /** Returns the first place of the application in the stack trace of an error; undefined if there is none. */
  ofError(error: unknown): CallSite | undefined {
    const stack = stackTraceOf(error);
    return stack === undefined ? undefined : this.ofStack(stack, 1)[0];
  }

  /** Returns the places of the application in the frames of a stack trace, the innermost first. */
  ofStack(stack: string, limit: number): CallSite[] {
    return applicationFrames(stack, limit, this.exists).map((frame) => this.ofFrame(frame));
  }

  private readonly exists = (file: string): boolean => {
    let exists = this.files.get(file);
    if (exists === undefined) {
      exists = this.isFile(file);
      if (this.files.size < MAX_SITES) this.files.set(file, exists);
    }
    return exists;
  };

  private isFile(file: string): boolean {
    try {
      // The sources of a bundle are rarely deployed.
      return isWebpackSource(file) || existsSync(this.pathOf(file));
    } catch {
      // An invalid file URL.
      return false;
    }
  }

  private ofFrame(frame: CodeFrame): CallSite {
    const key = `${frame.file}:${frame.line}:${frame.column}:${frame.name}`;
    let site = this.known.get(key);
    if (site === undefined) {
      site = { name: frame.name, key, text: this.textOf(frame) };
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
      const path = this.pathOf(frame.file);
      if (!this.maps.has(path) && this.maps.size >= MAX_MAPS) return;
      let map = this.maps.get(path);
      if (map === undefined) this.maps.set(path, (map = readSourceMap(path)));
      const position = (await map)?.positionOf(frame.line, frame.column);
      if (position !== undefined) site.text = this.textOf({ name: frame.name, ...position });
    } catch {
      // Without its source, a place is named by the file that runs.
    }
  }

  private textOf({ name, file, line, column }: CodeFrame): string {
    const position = `${relative(this.root, this.pathOf(file))}:${line}:${column}`;
    return boundedLabelValue(name === '' ? position : `${name} (${position})`, MAX_LENGTH);
  }

  private pathOf(file: string): string {
    if (isWebpackSource(file))
      return resolve(this.root, file.slice(file.indexOf('/./') + 3).replace(/\?\w*$/, ''));
    return file.startsWith('file:') ? fileURLToPath(file) : file;
  }
}

interface MappedSite extends CallSite {
  text: string;
}
