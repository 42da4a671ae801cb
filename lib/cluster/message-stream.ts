import type { Socket } from 'node:net';
import { deserialize, serialize } from 'node:v8';
import { isError } from '../primitives/is-error.js';

const LENGTH_BYTES = 4;

/** Callbacks of a message stream. */
export interface MessageReceiver {
  /** Receives a message. An exception closes the stream. */
  message(message: unknown): void;
  /** Called once, when the stream is closed; without a reason if the other side closed it. */
  closed(reason: Error | undefined): void;
}

/** A stream of length-prefixed messages over a socket. A message that is too long closes the stream. */
export class MessageStream {
  /** Received bytes that are not a complete message yet. */
  private chunks: Buffer[] = [];
  private length = 0;
  private reason: Error | undefined;

  constructor(
    private readonly socket: Socket,
    private readonly maxBytes: number,
    receiver: MessageReceiver,
  ) {
    socket.on('data', (chunk: Buffer) => this.read(chunk, receiver));
    socket.on('error', (error) => (this.reason ??= error));
    socket.on('close', () => receiver.closed(this.reason));
    socket.unref();
  }

  /** Sends a message. One that exceeds the limit, together with those not yet sent, closes the stream. */
  send(message: unknown): void {
    if (this.socket.destroyed) return;
    const body = serialize(message);
    if (body.length + this.socket.writableLength > this.maxBytes) {
      this.fail(
        new Error(
          `a message of ${body.length} bytes exceeds the limit of ${this.maxBytes} bytes of unsent messages`,
        ),
      );
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

  private read(chunk: Buffer, receiver: MessageReceiver): void {
    this.chunks.push(chunk);
    this.length += chunk.length;
    try {
      for (let body = this.next(); body !== undefined && !this.socket.destroyed; body = this.next()) {
        receiver.message(deserialize(body));
      }
    } catch (error) {
      this.fail(isError(error) ? error : new Error(String(error)));
    }
  }

  /** Returns the body of the next message; undefined if it is not complete yet. */
  private next(): Buffer | undefined {
    if (this.length < LENGTH_BYTES) return undefined;
    const [first] = this.chunks;
    const header = first !== undefined && first.length >= LENGTH_BYTES ? first : this.join();
    const size = header.readUInt32BE();
    if (size > this.maxBytes) {
      throw new Error(`a message of ${size} bytes exceeds the limit of ${this.maxBytes} bytes`);
    }
    const end = LENGTH_BYTES + size;
    if (this.length < end) return undefined;
    const all = this.join();
    this.chunks = all.length > end ? [all.subarray(end)] : [];
    this.length -= end;
    return all.subarray(LENGTH_BYTES, end);
  }

  private join(): Buffer {
    const [first] = this.chunks;
    const all = first !== undefined && this.chunks.length === 1 ? first : Buffer.concat(this.chunks);
    this.chunks = [all];
    return all;
  }
}
