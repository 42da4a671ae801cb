/** A place in the code of the application, as a stack trace names it. */
export interface CodeFrame {
  /** Name of the function, such as `OrdersService.list`; empty at the top level of a file. */
  readonly name: string;
  /** Path or URL of the file. */
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** A frame of V8: an optional function with an optional alias, then the position, in parentheses if there is a function. */
const FRAME = /^\s*at (?:async )?(?:(.*?) (?:\[as .*?\] )?\()?(.*?):(\d+):(\d+)\)?$/;
/** Upper limit for frames that are read. */
const MAX_FRAMES = 100;
/** Upper limit for the length of a frame, in UTF-16 code units. */
const MAX_FRAME_LENGTH = 1_000;

/** The directory of this library, which is no code of the application where it is not below `node_modules`. */
const OWN_DIRECTORY = ownDirectory();

/**
 * Returns the first frame of a stack trace that is code of the application, not of Node, of a package or of this library.
 *
 * @param exists returns true if there is such a file: the source maps of some packages name files that they do not have
 */
export function applicationFrame(
  stack: string,
  exists: (file: string) => boolean = () => true,
): CodeFrame | undefined {
  for (const line of stack.split('\n', MAX_FRAMES)) {
    const frame = frameOf(line);
    if (frame !== undefined && isApplicationFile(frame.file) && exists(frame.file)) return frame;
  }
  return undefined;
}

function frameOf(line: string): CodeFrame | undefined {
  if (line.length > MAX_FRAME_LENGTH) return undefined;
  const match = FRAME.exec(line);
  if (match === null) return undefined;
  const [, name = '', file = '', lineNumber, column] = match;
  return { name, file, line: Number(lineNumber), column: Number(column) };
}

function isApplicationFile(file: string): boolean {
  return (
    /^(\/|file:|[A-Za-z]:[\\/])/.test(file) &&
    !/[\\/]node_modules[\\/]/.test(file) &&
    !(OWN_DIRECTORY !== undefined && file.includes(OWN_DIRECTORY))
  );
}

/** Returns the directory of this library from a stack trace, since neither module format can tell it in both of them. */
function ownDirectory(): string | undefined {
  const file = frameOf(String(new Error().stack).split('\n')[1] ?? '')?.file;
  return file?.replace(/(instrumentation[\\/]application-frame\.\w+|[^\\/]*)$/, '').replace(/^file:\/\//, '');
}
