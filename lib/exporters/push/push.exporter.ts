import { type Clock, systemClock } from '../../metrics/clock.js';
import type { MetricsSource } from '../../metrics/registry.js';
import { describeValue } from '../../options/option-descriptions.js';
import { SafeLogger } from '../../primitives/safe-logger.js';
import { NO_RECORDER } from './exporter-metrics.js';
import { IntervalReader } from './interval-reader.js';
import { filterMetrics } from './metric-filter.js';
import { type PushExporterOptions, type ResolvedPush, resolvePush } from './push.options.js';
import { PushReport } from './push.report.js';
import { PushScheduler } from './push.scheduler.js';
import { PushSender } from './push.sender.js';
import { PROCESS_WARNINGS, type PushDependencies } from './push-dependencies.js';
import type { PushDestination, PushRequest } from './push-destination.js';
import type { RegisterTimer } from '../../primitives/register-timer.js';

/** The share of an interval over which the pushes of many processes are spread. */
const SPREAD = 0.8;
/** Time limit of the collectors in a flush, in milliseconds: those that wait for nothing have ended by then. */
const FLUSH_COLLECT_MS = 1;

interface CaptureOptions {
  readonly timeoutMs?: number;
  /** True for `exportAll()`, which captures on a worker that is not the leader, too. */
  readonly isManual?: boolean;
}

/**
 * An exporter that pushes the changes in a registry to a remote. It encodes each interval once and keeps the requests
 * until the remote has accepted them. Nothing of it throws into the application.
 */
export class PushExporter {
  readonly name: string;

  protected readonly pushOptions: ResolvedPush;
  /** False to push at a flush and at the end only. */
  protected readonly hasTimer: boolean = true;
  private readonly reader = new IntervalReader();
  private readonly report: PushReport;
  private readonly sender: PushSender;
  private readonly clock: Clock;
  private readonly random: () => number;
  private readonly isLeader: () => boolean;
  private readonly hasSuccessor: () => boolean;

  /** The end of the pause that the remote asked for, or that its failure demands, on the monotonic clock. */
  private pausedUntil = -Infinity;
  private capturing: Promise<void> | undefined;
  /** True once the capture in progress has the metrics, which it encodes then. */
  private hasCollected = false;
  private closing: Promise<void> | undefined;
  private isStarted = false;
  private scheduler: PushScheduler | undefined;

  /** @throws {MonitoringOptionsError} */
  constructor(
    protected readonly source: MetricsSource,
    private readonly destination: PushDestination,
    options: PushExporterOptions = {},
    dependencies: PushDependencies = {},
  ) {
    this.name = destination.name;
    this.pushOptions = resolvePush('the options of PushExporter', options);
    const { logger = PROCESS_WARNINGS, metrics } = dependencies;
    this.clock = dependencies.clock ?? systemClock;
    this.random = fractionOf(dependencies.random ?? Math.random);
    this.isLeader = dependencies.isLeader ?? (() => true);
    this.hasSuccessor = dependencies.hasSuccessor ?? (() => false);
    this.report = new PushReport(this.name, new SafeLogger(logger), metrics?.of(this.name) ?? NO_RECORDER);
    const { report, clock, random } = this;
    this.sender = new PushSender(destination, this.pushOptions, { report, clock, random });
  }

  /**
   * The reason for which the remote rejects everything, such as an invalid API key; undefined while it accepts
   * requests. Meanwhile the exporter keeps data within the limits of its queue and retries every few minutes.
   */
  get stopReason(): string | undefined {
    return this.sender.stopReason;
  }

  /** Prepares the destination, for example by loading an SDK. Otherwise the first push does so. */
  open(): Promise<void> {
    return this.sender.open();
  }

  /**
   * Sends everything that happened since the last push, and what is still in the queue.
   *
   * @throws {Error} if a request failed, which the next push repeats unless the remote rejected it; or if another
   * worker pushes for this one
   */
  async exportAll(): Promise<void> {
    if (this.closing !== undefined) {
      throw new Error(`Exporter \`${this.name}\` has been shut down. Create a new one to export again.`);
    }
    if (this.leavesPushingToLeader) {
      throw new Error(
        `Exporter \`${this.name}\` sends nothing from this worker: the leader pushes the metrics of all workers, and the remote would count them twice. Call exportAll() on the leader, or wait for its next push.`,
      );
    }
    await this.open();
    // A scheduled capture on a worker that is not the leader queues nothing.
    if (!this.isLeader()) await this.capturing?.catch(() => undefined);
    await this.capture({ isManual: true });
    while (!this.sender.isEmpty) await this.sender.drain();
  }

  /**
   * Sends what happened since the last push, and what is still in the queue, where the process may be suspended at any
   * time, as on AWS Lambda. Collectors that wait for something are not waited for: what they read is part of a later
   * push. A failure is counted, and logged once; the next push repeats the requests. While a remote that has failed wants
   * a pause, nothing is sent: the queue keeps it for later. Never rejects.
   */
  async flush(): Promise<void> {
    if (this.closing !== undefined || this.leavesPushingToLeader) return;
    await this.tryCapture(FLUSH_COLLECT_MS);
    if (this.clock.monotonic() < this.pausedUntil) return;
    const retryInMs = await this.sender.trySend();
    const pauseMs = this.destination.local === true ? 0 : (retryInMs ?? 0);
    this.pausedUntil = this.clock.monotonic() + pauseMs;
  }

  /** Starts to push once per interval. */
  start(registerTimer?: RegisterTimer): void {
    if (this.isStarted || this.closing !== undefined) return;
    this.isStarted = true;
    this.report.scheduled(this.hasTimer);
    if (!this.hasTimer) return;
    const { name } = this;
    const { intervalMs } = this.pushOptions;
    const sendDelayMs = this.destination.local ? 0 : this.random() * SPREAD * intervalMs;
    const tasks = { capture: () => this.tryCapture(), send: () => this.sender.trySend() };
    this.scheduler = new PushScheduler(tasks, this.clock, { name, intervalMs, sendDelayMs }, registerTimer);
    this.scheduler.start();
  }

  /**
   * Ends the exporter. If it was started, it pushes a last time, within `shutdownTimeoutMs`; what could not be sent by
   * then is dropped. Never rejects.
   */
  shutdown(): Promise<void> {
    this.closing ??= this.pushLast().finally(() => this.sender.close());
    return this.closing;
  }

  private async pushLast(): Promise<void> {
    this.scheduler?.stop();
    await this.sender.flush(async () => {
      // A successor continues from the last scheduled capture, which both workers have seen.
      if (!this.isStarted || !this.isLeader() || this.isSucceeded()) return;
      await this.tryCapture(this.pushOptions.shutdownTimeoutMs / 2);
      await this.tryEnd();
    });
  }

  private isSucceeded(): boolean {
    try {
      return this.hasSuccessor();
    } catch {
      // Data sent twice is better than data lost.
      return false;
    }
  }

  /** True if another worker pushes for this one. Where each push supersedes the last, pushing here too does no harm. */
  private get leavesPushingToLeader(): boolean {
    return this.isStarted && this.destination.supersedes !== true && !this.isLeader();
  }

  /** Captures what happened since the last capture and queues it. */
  private async capture(options: CaptureOptions): Promise<void> {
    // Of one that encodes already, what has happened since it collected would not be part.
    while (this.capturing !== undefined && this.hasCollected) await this.capturing.catch(() => undefined);
    this.capturing ??= this.captureInterval(options).finally(() => (this.capturing = undefined));
    return this.capturing;
  }

  private async captureInterval({ timeoutMs, isManual = false }: CaptureOptions): Promise<void> {
    this.hasCollected = false;
    const collected = await this.source.collect({
      exponential: true,
      ...(timeoutMs !== undefined && { timeoutMs }),
    });
    this.hasCollected = true;
    // Too late to be sent.
    if (this.sender.isPastDeadline) return;
    const snapshot = filterMetrics(collected, this.pushOptions.metrics);
    // A follower keeps its reader in step, so that it loses and repeats nothing when it becomes the leader.
    if (!isManual && this.isStarted && !this.isLeader()) {
      this.reader.advance(snapshot);
      return;
    }
    const interval = this.reader.intervalUpTo(snapshot);
    const requests = requestsOf('encode()', await this.destination.encode(interval));
    // After encoding, so that an interval that cannot be encoded becomes part of the next one.
    this.reader.advance(snapshot);
    this.enqueue(requests, interval.endedAt);
  }

  /** Queues what ends the series of this process. A follower has encoded none. */
  private async tryEnd(): Promise<void> {
    try {
      if (this.destination.encodeEnd === undefined || !this.isLeader()) return;
      const now = this.clock.now();
      this.enqueue(requestsOf('encodeEnd()', await this.destination.encodeEnd(now)), now);
    } catch (error) {
      this.report.captureFailed(error);
    }
  }

  private enqueue(requests: readonly PushRequest[], endedAt: number): void {
    // Too late to be sent, if the encoding took long.
    if (!this.sender.isPastDeadline) this.sender.enqueue(requests, endedAt);
  }

  private async tryCapture(timeoutMs?: number): Promise<void> {
    try {
      await this.capture({ ...(timeoutMs !== undefined && { timeoutMs }) });
    } catch (error) {
      this.report.captureFailed(error);
    }
  }
}

function requestsOf(method: string, requests: unknown): readonly PushRequest[] {
  if (Array.isArray(requests)) return requests as readonly PushRequest[];
  throw new TypeError(`${method} of the destination must return an array; got ${describeValue(requests)}`);
}

/** Returns a source of numbers from 0 up to 1; 0.5 where the given source fails. */
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
