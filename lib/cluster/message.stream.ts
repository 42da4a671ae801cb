import type { Socket } from 'node:net';
import { deserialize, serialize } from 'node:v8';

const LENGTH_BYTES = 4;

/** What is told of what happens on a stream. */
export interface MessageReceiver {
  /** May throw, which ends the stream. */
  message(message: unknown): void;
  /** Called once. @param reason undefined if the other side has ended it */
  closed(reason: Error | undefined): void;
}

/** Whole messages over a socket, each after its length. What is longer than allowed ends the stream. */
export class MessageStream {
  private parts: Buffer[] = [];
  private length = 0;
  private reason: Error | undefined;

  constructor(
    private readonly socket: Socket,
    private readonly maxBytes: number,
    receiver: MessageReceiver,
  ) {
    socket.on('data', (part: Buffer) => this.read(part, receiver));
    socket.on('error', (error) => (this.reason ??= error));
    socket.on('close', () => receiver.closed(this.reason));
    socket.unref();
  }

  /** Sends a message; one that is too long, or that the other side has no room for, ends the stream. */
  send(message: unknown): void {
    if (this.socket.destroyed) return;
    const body = serialize(message);
    if (body.length + this.socket.writableLength > this.maxBytes) {
      this.fail(new Error(`a message of ${body.length} bytes is more than may be on its way`));
      return;
    }
    const length = Buffer.allocUnsafe(LENGTH_BYTES);
    length.writeUInt32BE(body.length);
    this.socket.cork();
    this.socket.write(length);
    this.socket.write(body);
    this.socket.uncork();
  }

  close(): void {
    this.socket.destroy();
  }

  private fail(reason: Error): void {
    this.reason ??= reason;
    this.socket.destroy();
  }

  private read(part: Buffer, receiver: MessageReceiver): void {
    this.parts.push(part);
    this.length += part.length;
    try {
      for (let body = this.next(); body !== undefined && !this.socket.destroyed; body = this.next()) {
        receiver.message(deserialize(body));
      }
    } catch (error) {
      this.fail(error instanceof Error ? error : new Error(String(error)));
    }
  }

  /** The body of the next message, if all of it has come. */
  private next(): Buffer | undefined {
    if (this.length < LENGTH_BYTES) return undefined;
    if (this.parts[0].length < LENGTH_BYTES) this.join();
    const end = LENGTH_BYTES + this.parts[0].readUInt32BE();
    if (end > this.maxBytes + LENGTH_BYTES) throw new Error(`a message of ${end} bytes is too long`);
    if (this.length < end) return undefined;
    const all = this.join();
    this.parts = all.length > end ? [all.subarray(end)] : [];
    this.length -= end;
    return all.subarray(LENGTH_BYTES, end);
  }

  private join(): Buffer {
    const all = this.parts.length === 1 ? this.parts[0] : Buffer.concat(this.parts);
    this.parts = [all];
    return all;
  }
}
