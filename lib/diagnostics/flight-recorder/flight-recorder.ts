import { performance } from 'node:perf_hooks';
import { getHeapSpaceStatistics } from 'node:v8';
import { describeError } from '../../instrumentation/errors/error-description.js';
import { errorClass } from '../../instrumentation/error-class.js';
import type { CallSites } from '../../instrumentation/requests/call-sites.js';
import type { Clock } from '../../metrics/clock.js';
import { listenToProcess } from '../../primitives/process-listener.js';
import { messageOf } from '../../primitives/error-message.js';
import { Guard } from '../../primitives/guard.js';
import { EndSignals } from './end-signals.js';
import { exitReport } from './exit-report.js';
import { type Claim, FlightFile, type Uncertain } from './flight-file.js';
import { isRunning, ownProcess } from './flight-process.js';
import type { FlightRecorderOptions } from './flight-recorder.options.js';
import {
  boundedSample,
  boundedText,
  type FlightEntry,
  type FlightError,
  type FlightProcess,
  type FlightRow,
  type FlightSample,
  lastSignOf,
  type MemoryKills,
} from './flight-row.js';
import type { ExitReport, ExitSource } from './last-exit.js';
import { unref } from '../../primitives/unref.js';

const ROW_MS = 1_000;
/** Time between two signs of life, every second of which is a row, so that a late timer loses less than a second. */
const BEAT_MS = ROW_MS / 2;
/** Number of rows after which the measurements of other parts are read again. */
const SAMPLE_ROWS = 5;
/** Number of rows after which the kernel is asked for what it has killed, and the place of the file is checked. */
const PLACE_ROWS = 10;
/** Number of rows each of which is checked for another process that writes to the file: it has started at the same time. */
const CONTESTED_ROWS = 10;
/** Delay of a row from which on another process may have taken the file meanwhile, in milliseconds. */
const TAKEN_MS = 2_000;
/** Number of rows after which a file is looked for again, if none can be written. */
const RETRY_ROWS = 60;
/** Number of rows after which the end of the predecessor is no news any more. */
const SETTLED_ROWS = 600;
/** Time after which the file certainly belongs to this process, in milliseconds. */
const CONFIRM_MS = 100;
/** Time in which another process that runs has written a row, in milliseconds. */
const WATCH_MS = 2_500;
/** Age of the last row from which on its process has ended, in milliseconds. */
const ENDED_MS = 10_000;
/** Longest time between an uncaught exception and the exit by which the application answers it, in milliseconds. */
const MAX_EXIT_DELAY_MS = 10_000;

/** The parts that a {@link FlightRecorder} reads from. */
export interface FlightSources {
  readonly clock: Clock;
  readonly sites: CallSites;
  /** Version of the application, or empty. */
  readonly version: string;
  /** True for one of several workers. */
  readonly isWorker: boolean;
  /** Returns the measurements of other parts. */
  sample(): FlightSample;
  /** Returns the HTTP requests in progress. */
  requestsInFlight(): number;
  kills(): MemoryKills;
  warn(message: string): void;
  /** Receives the end of the predecessor, once. */
  onReport(report: ExitReport): void;
  /** Called once, when the process has run for ten minutes: the end of its predecessor is no news any more. */
  onSettled(): void;
}

const NO_SAMPLE: FlightSample = { vitals: {}, routes: [], operations: [], errors: [], alerts: [] };

/** A recorder of the last minute of a process, in a file that its successor reads. */
export class FlightRecorder implements ExitSource {
  report: ExitReport | undefined;

  private readonly file: FlightFile;
  private readonly process: FlightProcess;
  private readonly guard: Guard;
  private readonly signals: EndSignals;
  private readonly removeListeners: (() => void)[] = [];
  private readonly warned = new Set<string>();
  private timer: NodeJS.Timeout | undefined;
  private waiting: NodeJS.Timeout | undefined;
  private rows = 0;
  private beats = 0;
  private claimedAt = 0;
  private lastAt = performance.now();
  private utilization = performance.eventLoopUtilization();
  private sampled = NO_SAMPLE;
  private kills: MemoryKills = { group: '', limitBytes: 0, inGroup: -1, onMachine: -1 };
  private asked: FlightEntry['asked'];
  private handled: { readonly error: FlightError; readonly time: number } | undefined;
  private hasStarted = false;

  constructor(
    options: Required<FlightRecorderOptions>,
    private readonly sources: FlightSources,
  ) {
    this.process = ownProcess(sources.version, sources.isWorker);
    this.file = new FlightFile(options.file, options.bytes, (entry) => this.isRunning(entry));
    this.guard = new Guard((error) => this.warnFailure(options.file, error));
    this.signals = new EndSignals(this.guard, (signal, endsProcess) => this.onSignal(signal, endsProcess));
  }

  get path(): string | undefined {
    return this.file.path;
  }

  /** Starts to record. */
  start(): void {
    this.removeListeners.push(
      listenToProcess('uncaughtExceptionMonitor', this.guard, this.onError),
      listenToProcess('exit', this.guard, this.onExit),
    );
    this.signals.start();
    this.guard.run(() => this.claim());
    this.timer = unref(setInterval(() => this.guard.run(() => this.beat()), BEAT_MS));
  }

  /** Records that the application has started: from now on, its end is not a failed start. */
  started(): void {
    this.hasStarted = true;
  }

  /** Records the end of the application. */
  stop(): void {
    clearInterval(this.timer);
    clearTimeout(this.waiting);
    this.signals.stop();
    for (const remove of this.removeListeners.splice(0)) remove();
    this.guard.run(() => {
      this.write({ end: { code: -1, signal: '', isClosed: this.hasStarted } });
      this.file.close();
    });
  }

  private claim(earlier?: Uncertain): void {
    clearTimeout(this.waiting);
    this.kills = this.sources.kills();
    const claim = this.file.claim(earlier);
    if ('uncertain' in claim) {
      this.wait(WATCH_MS, () => this.claim(claim.uncertain));
      return;
    }
    for (const { path, reason } of claim.foreign) {
      this.warnOnce(`${path} ${reason}, and is left alone. The flight recorder uses ${this.file.path}.`);
    }
    this.claimedAt = this.rows;
    this.write();
    this.wait(CONFIRM_MS, () => this.confirm(claim));
  }

  /** Reports the end of the predecessor, unless another process that started at the same time has taken the file. */
  private confirm(claim: Claim): void {
    if (!this.file.isOwn()) return this.claim();
    if (this.report !== undefined) return;
    this.report = exitReport(claim, { process: this.process, kills: this.kills });
    this.sources.onReport(this.report);
  }

  private wait(ms: number, work: () => void): void {
    this.waiting = unref(setTimeout(() => this.guard.run(work), ms));
  }

  private beat(): void {
    if (++this.beats % 2 === 0) this.tick();
    else this.file.beat({ time: Math.round(this.sources.clock.now()), oldSpaceBytes: oldSpaceBytes() });
  }

  private tick(): void {
    this.rows++;
    if (this.rows === SETTLED_ROWS) this.sources.onSettled();
    if (this.file.path === undefined) {
      if (this.rows % RETRY_ROWS === 0) this.claim();
      return;
    }
    const isSampled = this.rows % SAMPLE_ROWS === 0;
    const isContested =
      this.rows - this.claimedAt < CONTESTED_ROWS || performance.now() - this.lastAt > ROW_MS + TAKEN_MS;
    if ((isSampled || isContested) && !this.file.isOwn()) return this.claim();
    if (isSampled) this.sample();
    if (this.rows % PLACE_ROWS === 0) {
      this.kills = this.sources.kills();
      void this.checkPlace();
    }
    this.write();
  }

  private sample(): void {
    this.sampled = boundedSample(this.guard.run(() => this.sources.sample()) ?? NO_SAMPLE);
  }

  private async checkPlace(): Promise<void> {
    if (await this.file.isInPlace()) return;
    this.guard.run(() => this.file.path !== undefined && this.claim());
  }

  private readonly onError = (thrown: unknown, origin: NodeJS.UncaughtExceptionOrigin): void => {
    const { error, sites } = describeError(thrown, errorClass(thrown), this.sources.sites);
    const found: FlightError = {
      error: boundedText(error),
      site: boundedText(sites[0]?.text ?? ''),
      origin,
    };
    this.handled = { error: found, time: this.sources.clock.now() };
    const survives =
      process.listenerCount('uncaughtException') > 0 || process.hasUncaughtExceptionCaptureCallback();
    if (survives) return;
    this.sample();
    this.write({ error: found, end: { code: 1, signal: '', isClosed: false } });
  };

  private readonly onExit = (code: number): void => {
    const { handled } = this;
    const isAnswer =
      handled !== undefined && code !== 0 && this.sources.clock.now() - handled.time <= MAX_EXIT_DELAY_MS;
    if (!isAnswer) this.sample();
    this.write({
      error: isAnswer ? handled.error : undefined,
      end: { code, signal: '', isClosed: false },
    });
  };

  private onSignal(signal: NodeJS.Signals, endsProcess: boolean): void {
    this.asked = { signal, time: this.sources.clock.now() };
    this.write(endsProcess ? { end: { code: -1, signal, isClosed: false } } : {});
  }

  private write(more: Pick<FlightEntry, 'error' | 'end'> = {}): void {
    const { asked, kills } = this;
    this.file.write({
      row: this.row(),
      process: this.process,
      kills,
      oldSpaceBytes: oldSpaceBytes(),
      asked,
      ...more,
    });
  }

  private row(): FlightRow {
    const now = performance.now();
    const delay = Math.max(0, now - this.lastAt - ROW_MS);
    const utilization = performance.eventLoopUtilization();
    const active = utilization.active - this.utilization.active;
    const total = active + utilization.idle - this.utilization.idle;
    this.lastAt = now;
    this.utilization = utilization;
    const { rss, heapUsed, external } = process.memoryUsage();
    return {
      time: Math.round(this.sources.clock.now()),
      rssBytes: rss,
      heapUsedBytes: heapUsed,
      externalBytes: external,
      eventLoopUtilization: total > 0 ? Math.round((active / total) * 1000) / 1000 : 0,
      eventLoopDelayMs: Math.round(delay),
      requestsInFlight: this.guard.run(() => this.sources.requestsInFlight()) ?? 0,
      ...this.sampled,
    };
  }

  /** Returns true if the process of an entry still runs; undefined if that takes a wait to find out. */
  private isRunning(entry: FlightEntry): boolean | undefined {
    const runs = isRunning(entry.process, this.process);
    if (runs !== undefined) return runs;
    return Math.abs(this.sources.clock.now() - lastSignOf(entry)) < ENDED_MS ? undefined : false;
  }

  private warnFailure(path: string, error: unknown): void {
    this.warnOnce(
      `The flight recorder cannot write ${path}: ${messageOf(error)}. Check \`diagnostics.flightRecorder.file\`.`,
    );
  }

  private warnOnce(message: string): void {
    if (this.warned.size >= 10 || this.warned.has(message)) return;
    this.warned.add(message);
    this.sources.warn(message);
  }
}

/** Returns the used size of the old objects of the heap, in bytes. */
function oldSpaceBytes(): number {
  let bytes = 0;
  for (const { space_name: name, space_used_size: used } of getHeapSpaceStatistics()) {
    if (!name.startsWith('new_')) bytes += used;
  }
  return bytes;
}
