import { onFirstUse } from '../primitives/on-first-use.js';

/** A place in the code of the application, as a stack trace names it. */
export interface CodeFrame {
  /** Name of the function, such as `OrdersService.list`; empty at the top level of a file. */
  readonly name: string;
  /** Path or URL of the file. */
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** Upper limit for frames that are read. */
const MAX_FRAMES = 100;
/** Upper limit for the length of a frame, in UTF-16 code units. */
const MAX_FRAME_LENGTH = 1_000;

const NUMBER = /^\d{1,9}$/;
const APPLICATION_FILE = /^(?:\/|file:|[A-Za-z]:[\\/])/;
/** Sources of the application begin with `./`; those of webpack itself and external modules do not. */
const WEBPACK_SOURCE = /^webpack(?:-internal)?:\/\/[^/]{0,100}\/\.\//;
const PACKAGE = /[\\/]node_modules[\\/]/;

/**
 * The directory of this library, which is no code of the application where it is not below `node_modules`. It is found out
 * late, since V8 reads the whole file for the line of a frame.
 */
const OWN_DIRECTORY = onFirstUse(() => ({ path: ownDirectory() }));

/**
 * Returns the frames of a stack trace that are code of the application, not of Node, of a package or of this library. The
 * innermost comes first.
 *
 * @param exists returns true if there is such a file: the source maps of some packages name files that they do not have
 */
export function applicationFrames(
  stack: string,
  limit: number,
  exists: (file: string) => boolean = () => true,
): CodeFrame[] {
  const frames: CodeFrame[] = [];
  for (const line of stack.split('\n', MAX_FRAMES)) {
    if (frames.length >= limit) break;
    const frame = codeFrame(line);
    if (frame !== undefined && isApplicationFile(frame.file) && exists(frame.file)) frames.push(frame);
  }
  return frames;
}

/**
 * Returns the place that a line of a stack trace of V8 names; undefined if it names none. A frame of `eval()` has the place
 * of the call of `eval()`. It takes linear time.
 */
export function codeFrame(line: string): CodeFrame | undefined {
  if (line.length > MAX_FRAME_LENGTH) return undefined;
  const trimmed = line.trim();
  if (!trimmed.startsWith('at ')) return undefined;
  const frame = trimmed.startsWith('at async ') ? trimmed.slice(9) : trimmed.slice(3);
  const open = frame.endsWith(')') ? startOfPosition(frame) : -1;
  if (open < 0) return positionOf('', frame);
  const alias = frame.indexOf(' [as ');
  const name = frame.slice(0, alias >= 0 && alias < open ? alias : open);
  return positionOf(name, frame.slice(open + 2, -1));
}

/** Returns the index of the ` (` before the position of a frame; -1 if there is none. */
function startOfPosition(frame: string): number {
  const alias = frame.indexOf(' [as ');
  const first = frame.indexOf(' (');
  return alias >= 0 && alias < first ? frame.indexOf('] (', alias) + 1 || -1 : first;
}

function positionOf(name: string, position: string): CodeFrame | undefined {
  const text = position.startsWith('eval at ') ? callOfEval(position) : position;
  const columnAt = text.lastIndexOf(':');
  const lineAt = text.lastIndexOf(':', columnAt - 1);
  if (lineAt < 1) return undefined;
  const [line, column] = [text.slice(lineAt + 1, columnAt), text.slice(columnAt + 1)];
  if (!NUMBER.test(line) || !NUMBER.test(column)) return undefined;
  return { name, file: text.slice(0, lineAt), line: Number(line), column: Number(column) };
}

/** Returns the innermost position of `eval at a (eval at b (/app/x.js:1:2), <anonymous>:3:4), <anonymous>:5:6`. */
function callOfEval(position: string): string {
  const inner = position.slice(position.lastIndexOf(' (') + 2);
  return inner.slice(0, Math.max(0, inner.indexOf(')')));
}

function isApplicationFile(file: string): boolean {
  return (APPLICATION_FILE.test(file) || isWebpackSource(file)) && !PACKAGE.test(file) && !isOwn(file);
}

function isOwn(file: string): boolean {
  const { path } = OWN_DIRECTORY();
  return path !== undefined && file.includes(path);
}

/** Returns true for a source that a bundle of webpack names, such as `webpack://shop/./src/orders.service.ts`. */
export function isWebpackSource(file: string): boolean {
  return WEBPACK_SOURCE.test(file);
}

/**
 * Returns the directory of this library from a stack trace: `__dirname` and `import.meta` exist in one module format each,
 * and this file is built for both.
 */
function ownDirectory(): string | undefined {
  // The application may have set both: no frames at all, a format of its own, or one that throws.
  const { stackTraceLimit } = Error;
  const prepareStackTrace: unknown = Reflect.get(Error, 'prepareStackTrace');
  try {
    Reflect.set(Error, 'stackTraceLimit', 1);
    // Its format comes first: it may name files of source maps, as the frames of its errors do.
    const directory = ownDirectoryOfStack();
    if (directory !== undefined) return directory;
    Reflect.set(Error, 'prepareStackTrace', undefined);
    return ownDirectoryOfStack();
  } finally {
    Reflect.set(Error, 'stackTraceLimit', stackTraceLimit);
    Reflect.set(Error, 'prepareStackTrace', prepareStackTrace);
  }
}

function ownDirectoryOfStack(): string | undefined {
  try {
    const file = codeFrame(String(new Error().stack).split('\n')[1] ?? '')?.file;
    if (file === undefined) return undefined;
    const path = file.startsWith('file://') ? file.slice('file://'.length) : file;
    // In a bundle, the file itself is in the directory.
    const room = Math.max(path.lastIndexOf('/instrumentation/'), path.lastIndexOf('\\instrumentation\\'));
    const end = room >= 0 ? room : Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\'));
    return path.slice(0, end + 1);
  } catch {
    // A `prepareStackTrace` of the application throws.
    return undefined;
  }
}
