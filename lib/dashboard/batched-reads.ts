import type { EndpointReply } from '../http/endpoint.js';
import { ApiError } from './dashboard-api.endpoints.js';

/** The most reads of one request. */
const MAX_READS = 8;
const MAX_ENTRIES = 64;
const MAX_CHARACTERS = 4 * 1024 * 1024;

/** A function that answers a read of the API, errors included. */
export type ReadReply = (query: URLSearchParams) => Promise<EndpointReply>;

interface Batch {
  /** The answers, which are kept elsewhere, and the text around each. */
  readonly parts: readonly string[];
  readonly text: string;
}

/**
 * Several reads of the API in one request, since a request costs more than an answer that is computed already. The text of
 * equal answers is one string, however many pages ask, so that it is compressed once. Bounded in number and size.
 */
export class BatchedReads {
  private readonly batches = new Map<string, Batch>();
  private characters = 0;

  constructor(private readonly replies: ReadonlyMap<string, ReadReply>) {}

  /**
   * Returns the answers to all parameters `read`, each with its status, as a JSON array in their order. Each parameter has
   * the name of a read and its own parameters, such as `view?name=overview`.
   *
   * @throws {ApiError} if there is none, or too many
   */
  async read(query: URLSearchParams): Promise<string> {
    const reads = query.getAll('read');
    if (reads.length === 0 || reads.length > MAX_READS) {
      throw new ApiError(400, `There must be 1 to ${MAX_READS} parameters \`read\`; got ${reads.length}.`);
    }
    const parts = await Promise.all(reads.map((read) => this.partsOf(read)));
    return this.joined(
      JSON.stringify(reads),
      parts.flatMap((each, i) => (i === 0 ? each : [',', ...each])),
    );
  }

  private async partsOf(read: string): Promise<readonly string[]> {
    const at = read.indexOf('?');
    const name = at < 0 ? read : read.slice(0, at);
    const reply = this.replies.get(name);
    if (reply === undefined)
      return ['{"status":404,"body":', '{"statusCode":404,"message":"Unknown read."}', '}'];
    const { status, headers, body } = await reply(new URLSearchParams(at < 0 ? '' : read.slice(at + 1)));
    const source = headers['x-monitoring-source'];
    return [
      `{"status":${status},${source === undefined ? '' : `"source":"${source}",`}"body":`,
      body as string,
      '}',
    ];
  }

  /** Returns the same string as before if all answers are the same. */
  private joined(key: string, parts: readonly string[]): string {
    const last = this.batches.get(key);
    if (last?.parts.every((part, i) => part === parts[i]) === true) return last.text;
    const text = `[${parts.join('')}]`;
    this.remove(key);
    this.batches.set(key, { parts, text });
    this.characters += key.length + text.length;
    for (const oldest of this.batches.keys()) {
      if (this.batches.size <= MAX_ENTRIES && this.characters <= MAX_CHARACTERS) break;
      this.remove(oldest);
    }
    return text;
  }

  private remove(key: string): void {
    const batch = this.batches.get(key);
    if (batch === undefined) return;
    this.characters -= key.length + batch.text.length;
    this.batches.delete(key);
  }
}
