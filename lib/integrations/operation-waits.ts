import { boundedLabelValue } from '../primitives/bounded-label-values.js';
import { copyString } from '../primitives/copy-string.js';

/** The parts of its time that an operation of the application, such as a request, waits for. */
export const WAIT_PARTS = ['database', 'cache', 'remote', 'pool'] as const;
/** A part of the time of an operation that it waits for. */
export type WaitPart = (typeof WAIT_PARTS)[number];

/**
 * One kind of call that an operation waits for, without any value of it: a statement by its shape, a command, a request to
 * a host. Equal calls of one client are one object, so that they can be counted by identity.
 */
export interface WaitedCall {
  readonly part: WaitPart;
  /** Name of the system, such as `postgresql` or `redis`; the host for a remote. */
  readonly system: string;
  /** Text of the call without values, such as `SELECT * FROM orders WHERE id = ?` or `GET`. */
  readonly name: string;
  /** True if many of it are no N+1: it goes with other calls, such as `COMMIT`, or reads the next rows of a cursor. */
  readonly isAuxiliary?: boolean;
}

/** One wait of one operation. */
export interface OperationWait {
  /** Ends the wait. Only the first call counts. @param call what was waited for; undefined for a wait in a pool */
  end(call: WaitedCall | undefined, hasFailed: boolean): void;
}

/** One wait of one operation, whose call may be counted before the wait ends: a response, of which the body is to come. */
export interface CountableWait extends OperationWait {
  /** Counts the call. Only the first one counts. The end adds the rest of the time, and a failure if there was none. */
  count(call: WaitedCall, hasFailed: boolean): void;
}

/** The async context of an operation, or of none. */
export interface OperationScope {
  /** Runs work in this context. */
  run<R>(work: () => R): R;
}

/** The async context of an operation at the place in the application that asks for a call. */
export interface AskedScope extends OperationScope {
  /**
   * Looks again for that place, from whatever the response continues. Present if no stack trace has led to it: it awaits a
   * promise that begins its work when it is awaited. It never throws.
   */
  readonly answered?: () => void;
}

/** The operation that runs in the current async context, as the clients of the application see it. */
export interface OperationWaits {
  /** The recorded operation; undefined if there is none. A client may ask it before it prepares a {@link WaitedCall}. */
  readonly current: object | undefined;
  /**
   * Begins a wait of the current operation; undefined if there is none, or none that is recorded. It never throws.
   *
   * @param call what is waited for, if it is known by now
   */
  begin(part: WaitPart, call?: WaitedCall): CountableWait | undefined;
  /** Adds an ended call to the current operation, for a wait that began without a known call. It never throws. */
  add(call: WaitedCall, milliseconds: number): void;
  /**
   * Returns the context of the current operation at the place in the application that asks for a call now: the calls that
   * are begun within it are made there, though no stack trace leads back from them, as from a callback or a lazy promise.
   * Undefined if there is none that is recorded. It never throws.
   *
   * @param made an error that was created at that place. @default the place that calls this
   */
  askFor(call: WaitedCall, made?: unknown): AskedScope | undefined;
  /**
   * Returns the context of the current operation, for a callback that a client calls in another one: that of whoever gave a
   * connection back, or opened it.
   */
  capture(): OperationScope;
  /** Runs a call outside of the current operation: what it waits for itself is part of a wait that has begun. */
  leave<R>(work: () => R): R;
}

/** Upper limit for the calls of one system. */
const MAX_CALLS = 1_000;
/** Maximum length of the text of a call, in UTF-16 code units. */
const MAX_NAME_LENGTH = 500;
/** The text of all further calls. */
const OTHER = 'other';

/** The calls of one system, one object for each text, bounded in number and length. */
export class WaitedCalls {
  private readonly calls = new Map<string, WaitedCall>();
  private readonly other: WaitedCall;

  /** @param auxiliary matches the names of auxiliary calls. @default none is auxiliary */
  constructor(
    private readonly part: WaitPart,
    private readonly system: string,
    private readonly auxiliary?: RegExp,
  ) {
    // They are of many names, so that many of them are no N+1 either.
    this.other = { part, system, name: OTHER, isAuxiliary: true };
  }

  /** Returns the call with a text. */
  of(name: string): WaitedCall {
    const bounded = boundedLabelValue(name, MAX_NAME_LENGTH);
    let call = this.calls.get(bounded);
    if (call === undefined) {
      if (this.calls.size >= MAX_CALLS) return this.other;
      const isAuxiliary = this.auxiliary?.test(bounded) === true;
      call = { part: this.part, system: this.system, name: copyString(bounded), isAuxiliary };
      this.calls.set(call.name, call);
    }
    return call;
  }
}
