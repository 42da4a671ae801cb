import { createHash } from 'node:crypto';
import { boundedLabelValue } from '../../primitives/bounded-label-values.js';
import type { ErrorSource } from '../../primitives/error-observer.js';
import type { CallSite } from '../requests/call-sites.js';
import type { ErrorRecord } from './error-record.js';
import { commonTemplate } from './message-template.js';

const MINUTE_MS = 60_000;
const MINUTES = 60;
/** Upper limit for the operations of a group. */
const MAX_OPERATIONS = 20;
const ID_LENGTH = 16;

/** Facts that an error itself has. */
export interface ErrorDescription {
  readonly key: string;
  /** Class of the error. */
  readonly error: string;
  /** The places of the application, the innermost first. */
  readonly sites: readonly CallSite[];
  /** Message without values. */
  readonly message: string | undefined;
  readonly causes: readonly string[];
}

interface OperationCount {
  readonly source: ErrorSource;
  readonly name: string;
  count: number;
}

/** The errors of one class from one place, counted. */
export class ErrorGroup {
  readonly id: string;
  count = 0;
  private unhandled = 0;
  private lastSeenAt: number;
  private message: string | undefined;
  private readonly minutes = new Uint32Array(MINUTES);
  private minute: number;
  private readonly operations = new Map<string, OperationCount>();
  private otherOperations = 0;
  private lastRecordId: string | undefined;

  constructor(
    private readonly description: ErrorDescription,
    private readonly firstSeenAt: number,
  ) {
    this.id = createHash('sha256').update(description.key).digest('hex').slice(0, ID_LENGTH);
    this.message = description.message;
    this.lastSeenAt = firstSeenAt;
    this.minute = Math.floor(firstSeenAt / MINUTE_MS);
  }

  get key(): string {
    return this.description.key;
  }

  /** Counts an error. */
  add(
    now: number,
    source: ErrorSource,
    name: string,
    isUnhandled: boolean,
    recordId: string | undefined,
  ): void {
    this.count++;
    if (isUnhandled) this.unhandled++;
    this.lastSeenAt = now;
    this.advance(now);
    this.minutes[this.minute % MINUTES]!++;
    if (recordId !== undefined) this.lastRecordId = recordId;
    this.addOperation(source, name);
  }

  /** Records that an error which has been counted was not handled after all. */
  addUnhandled(): void {
    if (this.unhandled < this.count) this.unhandled++;
  }

  /** Compares the message with that of a further error. The words in which they differ are values. */
  addMessage(message: string | undefined): void {
    if (message === undefined || message === this.message) return;
    this.message = this.message === undefined ? message : commonTemplate(this.message, message);
  }

  toRecord(now: number, version: string | undefined): ErrorRecord {
    this.advance(now);
    const { error, sites, causes } = this.description;
    const { id, message, firstSeenAt, lastSeenAt, count, unhandled, otherOperations, lastRecordId } = this;
    return {
      id,
      error,
      // A place is named by its source as soon as its source map has been read.
      site: sites[0]?.text,
      message,
      stack: sites.map(({ text }) => text),
      causes,
      firstSeenAt,
      lastSeenAt,
      count,
      unhandled,
      perMinute: Array.from({ length: MINUTES }, (_, i) => this.minutes[(this.minute + 1 + i) % MINUTES]!),
      version,
      operations: [...this.operations.values()]
        .map((operation) => ({ ...operation }))
        .toSorted((a, b) => b.count - a.count),
      otherOperations,
      lastRecordId,
    };
  }

  /** Clears the minutes that have passed. A wall clock that is set back changes nothing. */
  private advance(now: number): void {
    const minute = Math.floor(now / MINUTE_MS);
    if (minute <= this.minute) return;
    if (minute - this.minute >= MINUTES) this.minutes.fill(0);
    else for (let each = this.minute + 1; each <= minute; each++) this.minutes[each % MINUTES] = 0;
    this.minute = minute;
  }

  private addOperation(source: ErrorSource, name: string): void {
    const bounded = boundedLabelValue(name);
    const key = `${source} ${bounded}`;
    const operation = this.operations.get(key);
    if (operation !== undefined) operation.count++;
    else if (this.operations.size < MAX_OPERATIONS)
      this.operations.set(key, { source, name: bounded, count: 1 });
    else this.otherOperations++;
  }
}
