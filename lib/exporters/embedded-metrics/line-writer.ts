/** The part of a `Writable` stream that is used, such as `process.stdout`. */
export interface EmbeddedMetricsStream {
  /** Writes a text; calls back with the outcome. */
  write(text: string, callback: (error?: Error | null) => void): boolean;
  /** Adds a listener to the errors of the stream. */
  on(event: 'error', listener: (error: Error) => void): unknown;
  /** Removes a listener. */
  removeListener(event: 'error', listener: (error: Error) => void): unknown;
}

/** Lines to write, and how many of them have been written. */
export interface LineBatch {
  readonly lines: readonly string[];
  written: number;
}

/**
 * A writer of lines to a stream. Each line is one write, so that the lines of other writers stay whole. The next line
 * is written when the stream has taken the one before: the stream buffers at most one line of a slow reader.
 */
export class LineWriter {
  /** Write that has not ended, which may outlive the call that began it. */
  private writing: Promise<void> | undefined;

  /** @param stream returns the stream; called for each line */
  constructor(private readonly stream: () => EmbeddedMetricsStream) {}

  /**
   * Writes the lines of a batch that have not been written yet. A line is not written twice, even if an earlier call was
   * abandoned during its write.
   *
   * @throws {Error} if the stream does not take a line, or the signal is aborted between two lines
   */
  async write(batch: LineBatch, signal: AbortSignal): Promise<void> {
    await this.writing?.catch(() => undefined);
    for (let line = batch.lines[batch.written]; line !== undefined; line = batch.lines[batch.written]) {
      signal.throwIfAborted();
      this.writing = writeTo(this.stream(), `${line}\n`)
        .then(() => void batch.written++)
        .finally(() => (this.writing = undefined));
      await this.writing;
    }
  }
}

function writeTo(stream: EmbeddedMetricsStream, text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const settle = (error?: Error | null): void => {
      if (!error) {
        unlisten(stream);
        resolve();
        return;
      }
      reject(error);
      // The stream emits the error after the callback.
      setImmediate(unlisten, stream);
    };
    try {
      stream.on('error', ignore);
      stream.write(text, settle);
    } catch (error) {
      settle(error as Error);
    }
  });
}

/** A listener without which a failed write would end the process. The callback of the write has the outcome. */
function ignore(): void {}

/** Removes the listener that one write has added. */
function unlisten(stream: EmbeddedMetricsStream): void {
  try {
    stream.removeListener('error', ignore);
  } catch {
    // A stream of the application; the outcome of the write is the same.
  }
}
