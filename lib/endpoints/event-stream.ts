import type { ServerResponse } from 'node:http';

/** A reader that is so far behind is cut off, in bytes; it will come back and be told how things stand. */
const MAX_BEHIND_BYTES = 1_000_000;

/** Server-sent events to any number of readers; what is sent is made once, however many there are. */
export class EventStream {
  private readonly readers = new Set<ServerResponse>();
  private closed = false;

  /** @param welcome what a new reader is told at once */
  constructor(private readonly welcome: () => string = () => '') {}

  get readerCount(): number {
    return this.readers.size;
  }

  /** Keeps a response open as one more reader, until it leaves or the stream ends. */
  open(response: ServerResponse): void {
    if (this.closed) {
      response.end();
      return;
    }
    this.readers.add(response);
    response.on('close', () => this.readers.delete(response));
    // A write to a response that something else has ended is an error, which nobody else would handle.
    response.on('error', () => this.readers.delete(response));
    // The reader is to come back soon when the connection is lost.
    this.write(response, `retry: 2000\n\n${this.welcome()}`);
  }

  send(event: string): void {
    for (const reader of this.readers) {
      if (reader.writableLength > MAX_BEHIND_BYTES) reader.destroy();
      else this.write(reader, event);
    }
  }

  /** Ends every response, so that no connection holds up the shutdown. */
  close(): void {
    this.closed = true;
    for (const reader of this.readers) reader.end();
    this.readers.clear();
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
