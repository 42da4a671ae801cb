import { type Clock, systemClock } from '../../metrics/clock.js';
import type { MetricsSource } from '../../metrics/registry.js';
import { Backoff, REFUSAL_PAUSES } from './backoff.js';
import { type ExporterMetrics, type ExporterReport, NO_REPORT } from './exporter-report.js';
import { IntervalCursor } from './interval-cursor.js';
import { chosen } from './metric-choice.js';
import { type NameTimer, PushBeat } from './push.beat.js';
import { type PushExporterOptions, type ResolvedPush, resolvePush } from './push.options.js';
import { type PushDestination, PushError, type PushRequest, REMEDIES } from './push-destination.js';
import { type QueuedRequest, RequestQueue } from './request-queue.js';
import { SafeLogger } from '../../primitives/safe-logger.js';

/** Where an exporter says how it fares; the `Logger` of Nest fits. */
export interface ExporterLogger {
  /** What may mend itself, once until a success. */
  warn(message: string): void;
  /** What somebody has to mend. */
  error(message: string): void;
}

/** What an exporter has around it. In an application monitoring provides it. */
export interface PushSurroundings {
  /** @default the clock of the machine */
  readonly clock?: Clock;
  /** @default warnings of the process */
  readonly logger?: ExporterLogger;
  /** Where it is told how it goes. @default nowhere */
  readonly metrics?: ExporterMetrics;
  /** Whether this worker is the one of several that pushes. @default always */
  readonly isLeader?: () => boolean;
  /** Whether another worker goes on with it when this one ends. @default never */
  readonly hasSuccessor?: () => boolean;
  /** From 0 up to 1, for what should not happen in step with other processes. @default Math.random */
  readonly random?: () => number;
}

/** Which part of an interval the senders of many processes are spread over. */
const SPREAD = 0.8;
const CLOSE_MS = 1_000;
/** No message of a remote or of a library is shown longer than this. */
const LONGEST_MESSAGE = 1_000;

interface CaptureOptions {
  readonly timeoutMs?: number;
  /** Whether somebody called for it, so that it is done by a worker that does not lead, too. */
  readonly byHand?: boolean;
}

type Complaint = 'capture' | 'failed' | 'refused' | 'large' | 'old' | 'full';

/** What the caller of `exportAll()` is told by its rejection. */
const REJECTIONS: ReadonlySet<Complaint> = new Set(['failed', 'refused']);

/**
 * Pushes what happens in a registry to a remote and loses nothing of it: the registry holds the totals, each interval
 * is encoded as it ends, and what was encoded waits until the remote has taken it. Nothing of it ever throws into the
 * application.
 */
export class PushExporter {
  readonly name: string;

  private readonly resolvedPush: ResolvedPush;
  private readonly clock: Clock;
  private readonly logger: SafeLogger;
  private readonly report: ExporterReport;
  private readonly random: () => number;
  private readonly isLeader: () => boolean;
  private readonly hasSuccessor: () => boolean;

  private readonly cursor = new IntervalCursor();
  private readonly queue: RequestQueue;
  private readonly backoff: Backoff;
  /** The pauses while the remote takes nothing until somebody acts. */
  private readonly refusalPauses: Backoff;
  /** What has been complained about; a failure is complained about again after a success. */
  private readonly complaints = new Set<Complaint>();
  /** Aborted when the time for the last push is over. */
  private readonly end = new AbortController();

  private opening: Promise<void> | undefined;
  private capturing: Promise<void> | undefined;
  private draining: Promise<void> | undefined;
  private closing: Promise<void> | undefined;
  private beat: PushBeat | undefined;
  private giveUpRequest: (() => void) | undefined;
  /** Set while the remote takes nothing until somebody acts. */
  private refusal: PushError | undefined;
  /** The number of requests that the remote has taken. */
  private takenRequests = 0;

  /** @throws {MonitoringOptionsError} */
  constructor(
    private readonly source: MetricsSource,
    private readonly destination: PushDestination,
    options: PushExporterOptions = {},
    surroundings: PushSurroundings = {},
  ) {
    this.name = destination.name;
    this.resolvedPush = resolvePush(`the options of the exporter ${this.name}`, options);
    this.clock = surroundings.clock ?? systemClock;
    this.logger = new SafeLogger(surroundings.logger ?? processWarnings);
    this.report = surroundings.metrics?.of(this.name) ?? NO_REPORT;
    this.random = fractionOf(surroundings.random ?? Math.random);
    this.isLeader = surroundings.isLeader ?? (() => true);
    this.hasSuccessor = surroundings.hasSuccessor ?? (() => false);
    this.backoff = new Backoff(this.random);
    this.refusalPauses = new Backoff(this.random, REFUSAL_PAUSES);
    this.queue = new RequestQueue(this.resolvedPush, (points) =>
      this.dropped(points, 'full', 'its queue is full'),
    );
  }

  /**
   * The reason why the remote takes nothing until somebody acts, such as a key that is not valid; undefined while it
   * does. Until then the exporter keeps what happens, within the limits of its queue, and tries again every few minutes.
   */
  get stopReason(): string | undefined {
    return this.refusal?.message;
  }

  /** Gets ready, such as by loading an SDK; the first push does so otherwise. */
  open(): Promise<void> {
    this.opening ??= this.openDestination().catch((error: unknown) => {
      this.opening = undefined;
      throw error;
    });
    return this.opening;
  }

  /**
   * Sends everything that happened since the last push, and what could not be sent before.
   *
   * @throws {Error} if something was not taken, which is sent again with the next push unless the remote refused it;
   * or if this worker of several leaves pushing to another one
   */
  async exportAll(): Promise<void> {
    if (this.closing !== undefined) throw new Error(`The exporter ${this.name} has been shut down.`);
    if (this.leavesPushingToLeader) {
      throw new Error(
        `Exporter ${this.name} sends nothing from this worker: the worker that leads pushes the metrics of all of them, and the remote would count them twice. Call exportAll() there, or wait for its next push.`,
      );
    }
    await this.open();
    // On the beat, a worker that does not lead queues nothing.
    if (!this.isLeader()) await this.capturing?.catch(() => undefined);
    await this.capture({ byHand: true });
    while (!this.queue.isEmpty) await this.drain();
  }

  /** Pushes every interval from now on. */
  start(nameTimer?: NameTimer): void {
    if (this.beat !== undefined || this.closing !== undefined) return;
    const { intervalMs } = this.resolvedPush;
    const sendDelayMs = this.destination.local ? 0 : this.random() * SPREAD * intervalMs;
    const work = { capture: () => this.captureQuietly(), send: () => this.sendQuietly() };
    this.beat = new PushBeat(work, this.clock, { name: this.name, intervalMs, sendDelayMs }, nameTimer);
    this.beat.start();
  }

  /**
   * Ends: what started pushing pushes a last time, as long as `shutdownTimeoutMs` allows, and what could not be sent
   * by then is dropped. Never rejects.
   */
  shutdown(): Promise<void> {
    this.closing ??= this.flush().finally(() => this.close());
    return this.closing;
  }

  private async flush(): Promise<void> {
    this.beat?.stop();
    // It may have failed for long; now there is little time left.
    this.backoff.reset();
    const hurry = setTimeout(() => this.giveUpRequest?.(), this.lastRequestMs);
    const deadline = setTimeout(
      () =>
        this.end.abort(new Error(`the ${this.resolvedPush.shutdownTimeoutMs} ms for the last push are over`)),
      this.resolvedPush.shutdownTimeoutMs,
    );
    try {
      // A successor counts on from the last beat, which both have seen.
      if (this.beat !== undefined && !this.isSucceeded()) {
        await this.untilEnd(this.captureQuietly(this.resolvedPush.shutdownTimeoutMs / 2));
      }
      while (!this.queue.isEmpty && !this.end.signal.aborted) {
        const retryInMs = await this.sendQuietly();
        // A remote that asks for more time than there is need not be waited for.
        if (retryInMs !== undefined && retryInMs >= this.resolvedPush.shutdownTimeoutMs) break;
        if (retryInMs !== undefined) await sleep(retryInMs, this.end.signal);
      }
    } catch {
      // The time is over.
    } finally {
      clearTimeout(deadline);
      clearTimeout(hurry);
    }
    const lost = this.queue.clear();
    if (lost === 0) return;
    this.report.dropped(lost);
    this.reportQueue();
    this.logger.warn(`Exporter ${this.name} could not send the last ${lost} data points.`);
  }

  /** How long a request may take at the end, so that there is time for another attempt. */
  private get lastRequestMs(): number {
    const { timeoutMs, shutdownTimeoutMs } = this.resolvedPush;
    return Math.min(timeoutMs, shutdownTimeoutMs / 3);
  }

  private isSucceeded(): boolean {
    try {
      return this.hasSuccessor();
    } catch {
      // Said twice is better than not said.
      return false;
    }
  }

  /** Whether another worker pushes what is counted here; where each push says all, it does no harm to push it too. */
  private get leavesPushingToLeader(): boolean {
    return this.beat !== undefined && this.destination.supersedes !== true && !this.isLeader();
  }

  private async openDestination(): Promise<void> {
    await this.destination.open?.();
  }

  private async closeDestination(): Promise<void> {
    await this.destination.close?.();
  }

  private async close(): Promise<void> {
    const timer = new AbortController();
    const closed = this.closeDestination().catch(() => undefined);
    await Promise.race([closed, sleep(CLOSE_MS, timer.signal)]);
    timer.abort();
  }

  /** Looks at the metrics and queues what has happened. */
  private capture(how: CaptureOptions): Promise<void> {
    this.capturing ??= this.look(how).finally(() => (this.capturing = undefined));
    return this.capturing;
  }

  private async look({ timeoutMs, byHand = false }: CaptureOptions): Promise<void> {
    const collected = await this.source.collect({
      exponential: true,
      ...(timeoutMs !== undefined && { timeoutMs }),
    });
    // Too late for it to be sent.
    if (this.end.signal.aborted) return;
    const snapshot = chosen(collected, this.resolvedPush.metrics);
    // Nothing may be missing or said twice if this one is to push the next interval.
    if (!byHand && this.beat !== undefined && !this.isLeader()) {
      this.cursor.pass(snapshot);
      return;
    }
    const interval = this.cursor.intervalUpTo(snapshot);
    const requests: unknown = this.destination.encode(interval);
    if (!Array.isArray(requests)) throw new TypeError('its destination encoded no list of requests');
    // Only now: if it cannot be encoded, it is part of the next interval.
    this.cursor.pass(snapshot);
    if (this.destination.supersedes) this.queue.clear();
    this.queue.add(requests as readonly PushRequest[], interval.endedAt);
    this.reportQueue();
  }

  private async captureQuietly(timeoutMs?: number): Promise<void> {
    try {
      await this.capture({ ...(timeoutMs !== undefined && { timeoutMs }) });
    } catch (error) {
      this.report.failed();
      this.complain('capture', `Exporter ${this.name} cannot encode the metrics: ${messageOf(error)}`);
    }
  }

  /** @returns in how many milliseconds to try again */
  private async sendQuietly(): Promise<number | undefined> {
    try {
      await this.untilEnd(this.open());
      await this.drain();
    } catch (error) {
      if (this.queue.isEmpty) return undefined;
      const failure = failureOf(error);
      // Of what was sent, it has been noted already.
      if (failure.remedy === 'stop') this.stop(failure);
      const pauses = this.refusal === undefined ? this.backoff : this.refusalPauses;
      return pauses.next(failure.retryAfterMs);
    }
    return undefined;
  }

  /** Sends what waits, oldest first; rejects with what ended it, or with what was refused. */
  private drain(): Promise<void> {
    this.draining ??= this.sendAll().finally(() => {
      this.draining = undefined;
      this.reportQueue();
    });
    return this.draining;
  }

  private async sendAll(): Promise<void> {
    let refused: PushError | undefined;
    let place = 0;
    for (let next = this.queue.take(); next !== undefined; next = this.queue.take(place)) {
      if (this.isTooOld(next)) {
        this.queue.settle();
        this.dropped(next.points, 'old', 'the remote takes nothing that old');
        continue;
      }
      try {
        this.taken(next, await this.send(next.request));
        place = 0;
        continue;
      } catch (error) {
        this.report.failed();
        const failure = failureOf(error);
        if (failure.remedy === 'retry') {
          this.keep();
          this.complain('failed', `Exporter ${this.name} failed; retrying: ${failure.message}`);
          throw failure;
        }
        if (failure.remedy === 'stop' && !this.isRefusedAlone(next)) {
          const isRefusedAgain = next.refusedAfter !== undefined;
          next.refusedAfter = this.takenRequests;
          this.keep();
          // It may be only this request that is refused, for what it says: is the next one taken?
          if (isRefusedAgain && place === 0 && this.queue.hasSecond) {
            place = 1;
            continue;
          }
          this.stop(failure);
          throw failure;
        }
        place = 0;
        if (this.cut(next)) continue;
        this.queue.settle();
        this.report.dropped(next.points);
        refused ??= failure;
        this.complain(
          'refused',
          `What exporter ${this.name} sent was refused and is dropped: ${failure.message}`,
        );
      }
    }
    if (refused !== undefined) throw refused;
  }

  /** Whether the remote refused a request before, and has taken others since. */
  private isRefusedAlone({ refusedAfter }: QueuedRequest): boolean {
    return refusedAfter !== undefined && refusedAfter < this.takenRequests;
  }

  /** Sends a request that was refused in pieces, so that only what is wrong with it is lost. */
  private cut({ request, cuts }: QueuedRequest): boolean {
    if (cuts.left === 0) return false;
    const pieces = this.destination.split?.(request) ?? [];
    if (pieces.length < 2) return false;
    cuts.left--;
    this.queue.settle(pieces);
    return true;
  }

  private async send(request: PushRequest): Promise<unknown> {
    const timeoutMs = this.closing === undefined ? this.resolvedPush.timeoutMs : this.lastRequestMs;
    const controller = new AbortController();
    let timer: NodeJS.Timeout | undefined;
    let endNow: (() => void) | undefined;
    const ended = new Promise<never>((_, reject) => {
      const abort = (reason: Error): void => {
        controller.abort(reason);
        // A destination that has the head of a response already knows how it ended, and says so now.
        setImmediate(reject, reason);
      };
      this.giveUpRequest = () => abort(new Error(`it took longer than ${Math.round(timeoutMs)} ms`));
      timer = setTimeout(this.giveUpRequest, timeoutMs);
      // At the end of the application nothing else keeps the process alive that waits for it.
      if (this.closing === undefined) timer.unref();
      endNow = () => abort(this.end.signal.reason as Error);
      this.end.signal.addEventListener('abort', endNow);
    });
    try {
      return await Promise.race([this.destination.send(request, controller.signal), ended]);
    } catch (error) {
      throw controller.signal.aborted ? controller.signal.reason : error;
    } finally {
      clearTimeout(timer);
      this.giveUpRequest = undefined;
      if (endNow !== undefined) this.end.signal.removeEventListener('abort', endNow);
    }
  }

  /** @param answer the smaller requests to send instead; anything else says that it was taken */
  private taken({ points }: QueuedRequest, answer: unknown): void {
    if (!Array.isArray(answer)) {
      this.queue.settle();
      this.report.sent();
      this.takenRequests++;
      this.backoff.reset();
      this.complaints.delete('failed');
      this.resume();
      return;
    }
    const pieces = answer as readonly PushRequest[];
    const tooLarge = pieces.some((piece) => piece.points >= points);
    const rest = tooLarge ? [] : pieces;
    this.queue.settle(rest);
    const lost = points - rest.reduce((sum, piece) => sum + piece.points, 0);
    if (lost > 0) this.dropped(lost, 'large', 'they are too large for the remote');
  }

  /** The request under way is sent again, unless a later one says it all. */
  private keep(): void {
    const superseded = this.destination.supersedes && this.queue.hasNext;
    if (superseded) this.queue.settle();
    else this.queue.putBack();
  }

  private isTooOld({ endedAt }: QueuedRequest): boolean {
    return this.clock.now() - endedAt > (this.destination.maxAgeMs ?? Infinity);
  }

  /** Nothing is taken until somebody acts: it is tried again, but seldom. */
  private stop(refusal: PushError): void {
    const isNews = this.refusal === undefined;
    this.refusal = refusal;
    if (!isNews) return;
    this.report.stopped(true);
    if (this.beat === undefined) return;
    this.logger.error(
      `Exporter ${this.name} has stopped: ${shortened(refusal.message)}. It keeps what its queue can hold and tries again every few minutes.`,
    );
  }

  /** The remote takes something again. */
  private resume(): void {
    if (this.refusal === undefined) return;
    this.refusal = undefined;
    this.refusalPauses.reset();
    this.report.stopped(false);
    if (this.beat !== undefined) this.logger.warn(`Exporter ${this.name} is accepted again and goes on.`);
  }

  private dropped(points: number, complaint: Complaint, why: string): void {
    this.report.dropped(points);
    this.complain(
      complaint,
      `Exporter ${this.name} dropped ${points} data points: ${why}. Further ones are only counted.`,
    );
  }

  private reportQueue(): void {
    const { size, oldest } = this.queue;
    this.report.queued(size, oldest === undefined ? 0 : Math.max(0, this.clock.now() - oldest));
  }

  private complain(about: Complaint, message: string): void {
    if (this.complaints.has(about) || (this.beat === undefined && REJECTIONS.has(about))) return;
    this.complaints.add(about);
    this.logger.warn(shortened(message));
  }

  /** What the promise does, or a rejection when the time for the last push is over. */
  private async untilEnd(promise: Promise<void>): Promise<void> {
    const { signal } = this.end;
    let end: (() => void) | undefined;
    const ended = new Promise<never>((_, reject) => {
      end = () => reject(signal.reason as Error);
      if (signal.aborted) end();
      else signal.addEventListener('abort', end);
    });
    await Promise.race([promise, ended]).finally(() => {
      if (end !== undefined) signal.removeEventListener('abort', end);
    });
  }
}

const processWarnings: ExporterLogger = {
  warn: (message) => process.emitWarning(message, 'MonitoringWarning'),
  error: (message) => process.emitWarning(message, 'MonitoringWarning'),
};

/** Ends early, without an error, when it is aborted. */
function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) {
      resolve();
      return;
    }
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done);
  });
}

/** What an error of a destination says is to be done; one that says nothing is one to retry after. */
function failureOf(error: unknown): PushError {
  const { remedy, retryAfterMs } = (error ?? {}) as Partial<PushError>;
  const known = REMEDIES.find((one) => one === remedy) ?? 'retry';
  if (error instanceof PushError && error.remedy === known) return error;
  // It may be that of another copy of this library.
  const retryAfter = typeof retryAfterMs === 'number' ? retryAfterMs : undefined;
  return new PushError(messageOf(error), known, retryAfter, { cause: error });
}

function messageOf(error: unknown): string {
  try {
    return error instanceof Error ? error.message : String(error);
  } catch {
    return 'it threw a value that cannot be converted to a string';
  }
}

function shortened(message: string): string {
  return message.length > LONGEST_MESSAGE ? `${message.slice(0, LONGEST_MESSAGE)}…` : message;
}

/** A source of randomness that is from 0 up to 1, whatever the given one does. */
function fractionOf(random: () => number): () => number {
  return () => {
    try {
      const value = random();
      return value >= 0 && value < 1 ? value : 0.5;
    } catch {
      return 0.5;
    }
  };
}
