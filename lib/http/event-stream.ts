import type { ServerResponse } from 'node:http';

/** More readers than this are not one application's dashboards. */
const MAX_READERS = 1_000;
/** A reader that has not taken anything for so many events is cut off; it will come back. */
const MAX_MISSED_EVENTS = 8;

/**
 * Server-sent events to a bounded number of readers; what is sent is made once, however many there are. A reader that
 * is slow misses events instead of having them queued, and is told how things stand when it has caught up.
 */
export class EventStream {
  /** How many events each has missed since it stopped reading. */
  private readonly readers = new Map<ServerResponse, number>();
  private closed = false;

  /** @param welcome returns what a new reader is told at once */
  constructor(private readonly welcome: () => string = () => '') {}

  get readerCount(): number {
    return this.readers.size;
  }

  get isFull(): boolean {
    return this.readers.size >= MAX_READERS;
  }

  /** Keeps a response open as one more reader, until it leaves or the stream ends. */
  open(response: ServerResponse): void {
    if (this.closed) {
      response.end();
      return;
    }
    this.readers.set(response, 0);
    response.on('close', () => this.readers.delete(response));
    response.on('drain', () => this.catchUp(response));
    // A write to a response that something else has ended is an error, which nobody else would handle.
    response.on('error', () => this.readers.delete(response));
    // The reader is to come back soon when the connection is lost.
    this.write(response, `retry: 2000\n\n${this.welcome()}`);
  }

  send(event: string): void {
    for (const [reader, missed] of this.readers) {
      if (!reader.writableNeedDrain) this.write(reader, event);
      else if (missed < MAX_MISSED_EVENTS) this.readers.set(reader, missed + 1);
      else reader.destroy();
    }
  }

  /** Ends every response, so that no connection holds up the shutdown. */
  close(): void {
    this.closed = true;
    for (const reader of this.readers.keys()) reader.end();
    this.readers.clear();
  }

  private catchUp(reader: ServerResponse): void {
    if (!this.readers.get(reader)) return;
    this.readers.set(reader, 0);
    this.write(reader, this.welcome());
  }

  /** Middleware may have wrapped the response, and what it does there may throw: that costs this reader only. */
  private write(reader: ServerResponse, text: string): void {
    try {
      reader.write(text);
    } catch {
      this.readers.delete(reader);
      reader.destroy();
    }
  }
}

/** One event as it goes over the wire; the data is JSON, which has no line break. */
export function eventText(name: string, data: unknown): string {
  return `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
}
