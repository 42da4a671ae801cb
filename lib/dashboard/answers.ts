import type { MetricsHistory } from '../query/metrics-history.js';
import { inSlices } from '../primitives/slices.js';

const MAX_ENTRIES = 64;
const MAX_CHARACTERS = 4 * 1024 * 1024;
const MAX_WAITING = 16;

/** The computation of an answer. */
export type Work = Generator<void, unknown, void>;

/** Thrown when too many questions wait for their answers already. */
export class TooManyQuestionsError extends Error {
  constructor() {
    super(`${MAX_WAITING} questions wait for their answers already. Ask again in a moment.`);
  }
}

interface Entry {
  readonly answer: Promise<string>;
  readonly askedAt: number;
  /** Its length, as soon as it is known. */
  characters: number;
}

/**
 * The answers of the dashboard as JSON. Each is computed once between two samples of the history, one at a time and in
 * slices of time; those that are kept are bounded in number and in size.
 */
export class Answers {
  private readonly known = new Map<string, Entry>();
  private characters = 0;
  private knownFor: number | undefined;
  private waiting = 0;
  private last: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly history: Pick<MetricsHistory, 'lastSample'>,
    private readonly monotonic: () => number = () => performance.now(),
  ) {}

  /**
   * Returns the answer to a question.
   *
   * @param key what identifies the question
   * @param work yields after each small step
   * @param maxAgeMs how old an answer may be, even if there was no sample since
   * @throws {TooManyQuestionsError}
   */
  ask(key: string, work: () => Work | Promise<Work>, maxAgeMs = Infinity): Promise<string> {
    this.forgetOld();
    const known = this.known.get(key);
    if (known !== undefined && this.monotonic() - known.askedAt < maxAgeMs) return known.answer;
    if (this.waiting >= MAX_WAITING) throw new TooManyQuestionsError();
    this.waiting++;
    const answer = this.answer(work).finally(() => this.waiting--);
    this.keep(key, { answer, askedAt: this.monotonic(), characters: 0 });
    return answer;
  }

  private async answer(work: () => Work | Promise<Work>): Promise<string> {
    const steps = await work();
    const found = this.last.then(() => inSlices(steps, this.monotonic));
    this.last = found.catch(() => undefined);
    return JSON.stringify((await found) ?? null);
  }

  private forgetOld(): void {
    const { lastSample } = this.history;
    if (lastSample === this.knownFor) return;
    this.knownFor = lastSample;
    for (const key of this.known.keys()) this.forget(key);
  }

  /** Keeps an answer in place of the oldest ones; an error is not kept. */
  private keep(key: string, entry: Entry): void {
    this.forget(key);
    this.known.set(key, entry);
    void this.settle(key, entry);
    this.evict();
  }

  private async settle(key: string, entry: Entry): Promise<void> {
    const answer = await entry.answer.catch(() => undefined);
    if (this.known.get(key) !== entry) return;
    if (answer === undefined) {
      this.forget(key);
      return;
    }
    entry.characters = answer.length;
    this.characters += answer.length;
    this.evict();
  }

  private evict(): void {
    for (const oldest of this.known.keys()) {
      if (this.known.size <= MAX_ENTRIES && this.characters <= MAX_CHARACTERS) return;
      this.forget(oldest);
    }
  }

  private forget(key: string): void {
    this.characters -= this.known.get(key)?.characters ?? 0;
    this.known.delete(key);
  }
}
