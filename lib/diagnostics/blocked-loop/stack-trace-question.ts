import vm from 'node:vm';
import { processWide } from '../../primitives/process-wide.js';

/** The stack trace of a thread. */
export interface StackTrace {
  /** The frames, the innermost first, each on a line of its own. */
  readonly stack: string;
  /** True if the innermost function has been called, but not run any of its code yet. */
  readonly isAtEntry: boolean;
}

/** The expression whose value is the {@link StackTrace} of the main thread; undefined if nothing offers it. */
export const STACK_TRACE_QUESTION = `globalThis[Symbol.for('nestjs-monitoring.stackTrace')]?.()`;
const KEY = Symbol.for('nestjs-monitoring.stackTrace');

/**
 * The function behind the question. It runs in a context of its own, whose `Error` and `Array` nobody has changed, so that
 * it calls and changes nothing of the application. It asks a frame for neither its method nor its text, for which V8 compares
 * all properties of the receiver: with a million of them that takes a tenth of a second. Node 20 has the class of a static
 * method in the text alone.
 */
const ANSWER = `(() => {
  const placeOf = (frame) => {
    const file = frame.getScriptNameOrSourceURL();
    const origin = !file && frame.isEval() ? frame.getEvalOrigin() + ', ' : '';
    const line = frame.getLineNumber();
    return origin + (file || '<anonymous>') + (line === null ? '' : ':' + line + ':' + frame.getColumnNumber());
  };
  const nameOf = (frame) => {
    const name = frame.getFunctionName() || '';
    if (frame.isConstructor()) return 'new ' + (name || '<anonymous>');
    const type = frame.isToplevel() ? '' : frame.getTypeName() || '';
    if (type === '' || name.startsWith(type + '.')) return name;
    const accessor = name.startsWith('get ') || name.startsWith('set ') ? name.slice(0, 4) : '';
    return accessor + type + '.' + (name.slice(accessor.length) || '<anonymous>');
  };
  const textOf = (frame) => {
    const name = nameOf(frame);
    if (name.startsWith('Function.')) return String(frame);
    const text = name === '' ? placeOf(frame) : name + ' (' + placeOf(frame) + ')';
    return frame.isAsync() ? 'async ' + text : text;
  };
  const isAtEntry = (frame) => {
    const file = frame.getScriptNameOrSourceURL() || 'node:';
    // The name of a function of Node or of the engine tells which native code it ran.
    if (file.startsWith('node:')) return false;
    if (frame.getLineNumber() !== frame.getEnclosingLineNumber()) return false;
    const offset = frame.getColumnNumber() - frame.getEnclosingColumnNumber();
    const { length } = frame.getFunctionName() || '';
    // At the parameters, which may come after 'function', a star and a name.
    return offset === 0 || offset === 8 || offset === 9 || offset === 9 + length || offset === 10 + length;
  };
  Error.stackTraceLimit = 61;
  Error.prepareStackTrace = (_, frames) => {
    // The question itself.
    if (frames.length > 0 && !frames[0].getScriptNameOrSourceURL() && frames[0].isToplevel()) frames.shift();
    const lines = [];
    for (const frame of frames) lines.push('    at ' + textOf(frame));
    return { stack: lines.join('\\n'), isAtEntry: frames.length > 0 && isAtEntry(frames[0]) };
  };
  return function answer() {
    const holder = {};
    Error.captureStackTrace(holder, answer);
    return holder.stack;
  };
})()`;

/**
 * Offers stack traces to an inspector that asks {@link STACK_TRACE_QUESTION}. Returns a function that ends it.
 *
 * @throws {Error} if the global object cannot be extended
 */
export function offerStackTraces(): () => void {
  // Of the main context, in which an inspector asks: the application may run in another one.
  const main = vm.runInThisContext('globalThis') as object;
  const answer = processWide('stackTraceContext', createAnswer).answer;
  if (!Reflect.defineProperty(main, KEY, { value: answer, configurable: true })) {
    throw new Error('the global object cannot be extended');
  }
  return () => Reflect.deleteProperty(main, KEY);
}

function createAnswer(): { readonly answer: () => unknown } {
  return {
    answer: vm.runInContext(ANSWER, vm.createContext(), 'nestjs-monitoring:stack-trace') as () => unknown,
  };
}
