import type { ServerResponse } from 'node:http';

/** Limit of concurrent readers. */
const MAX_READERS = 1_000;
/** Number of missed events after which a reader is disconnected; it reconnects by itself. */
const MAX_MISSED_EVENTS = 8;

/**
 * A stream of server-sent events to a bounded number of readers. A slow reader misses events instead of having them
 * queued, and receives the current state once it has caught up.
 */
export class EventStream {
  /** Number of events that each reader has missed. */
  private readonly readers = new Map<ServerResponse, number>();
  private closed = false;

  /** @param initialEvents returns the events with the current state for a new reader */
  constructor(private readonly initialEvents: () => string = () => '') {}

  /** The number of readers. */
  get readerCount(): number {
    return this.readers.size;
  }

  /** True if no further reader is accepted. */
  get isFull(): boolean {
    return this.readers.size >= MAX_READERS;
  }

  /** Adds a response as a reader, until it disconnects or the stream is closed. */
  open(response: ServerResponse): void {
    if (this.closed) {
      response.end();
      return;
    }
    this.readers.set(response, 0);
    response.on('close', () => this.readers.delete(response));
    response.on('drain', () => this.catchUp(response));
    // A write to a response that other code has ended emits an error that would be uncaught.
    response.on('error', () => this.readers.delete(response));
    // The reader reconnects after two seconds.
    this.write(response, `retry: 2000\n\n${this.initialEvents()}`);
  }

  /** Sends an event to every reader. */
  send(event: string): void {
    for (const [reader, missed] of this.readers) {
      if (!reader.writableNeedDrain) this.write(reader, event);
      else if (missed < MAX_MISSED_EVENTS) this.readers.set(reader, missed + 1);
      else reader.destroy();
    }
  }

  /** Ends every response, so that no connection delays the shutdown. */
  close(): void {
    this.closed = true;
    for (const reader of this.readers.keys()) reader.end();
    this.readers.clear();
  }

  private catchUp(reader: ServerResponse): void {
    if (!this.readers.get(reader)) return;
    this.readers.set(reader, 0);
    this.write(reader, this.initialEvents());
  }

  /** Writes to a reader; an error of middleware that wraps the response disconnects this reader only. */
  private write(reader: ServerResponse, text: string): void {
    try {
      reader.write(text);
    } catch {
      this.readers.delete(reader);
      reader.destroy();
    }
  }
}

/** Returns the text of an event, with its data as JSON, which has no line breaks. */
export function eventText(name: string, data: unknown): string {
  return `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
}
