import { messageOf } from '../../primitives/error-message.js';
import type { SafeLogger } from '../../primitives/safe-logger.js';
import type { ExporterRecorder } from './exporter-metrics.js';
import type { PushError } from './push-destination.js';

/** Length limit of a log line, since a remote or a library may return a message of any length. */
const MAX_MESSAGE_LENGTH = 1_000;

/** The reasons for which an exporter drops data points on its own. */
const DROP_REASONS = {
  full: 'queue full',
  old: 'older than the remote accepts',
  large: 'too large for the remote',
} as const;

/** A reason for which data points are dropped. */
export type DropReason = keyof typeof DROP_REASONS;

type Problem = DropReason | 'capture' | 'failed' | 'rejected';

/**
 * The log lines and the metrics of one exporter. Each kind of problem is logged once; a failure again after a success.
 */
export class PushReport {
  private readonly logged = new Set<Problem>();
  /** False while every push is an `exportAll()`, whose caller receives failures as rejections. */
  private isScheduled = false;
  private hasTimer = true;

  constructor(
    private readonly name: string,
    private readonly logger: SafeLogger,
    private readonly recorder: ExporterRecorder,
  ) {}

  /**
   * Logs failures from now on, since nobody awaits a scheduled push.
   *
   * @param hasTimer false if failed requests wait for the next flush
   */
  scheduled(hasTimer = true): void {
    this.isScheduled = true;
    this.hasTimer = hasTimer;
  }

  /** Records a request that the remote accepted. */
  sent(): void {
    this.recorder.sent();
    this.logged.delete('failed');
  }

  /** Records a failed attempt. */
  failed(): void {
    this.recorder.failed();
  }

  /** Records an interval that could not be captured. */
  captureFailed(error: unknown): void {
    this.recorder.failed();
    this.warnOnce(
      'capture',
      `Exporter \`${this.name}\` could not capture the metrics: ${shortened(messageOf(error))}`,
    );
  }

  /** Logs a failed attempt that will be repeated. */
  retrying(failure: PushError, retryInMs: number): void {
    if (!this.isScheduled) return;
    const seconds = retryInMs < 10_000 ? Math.round(retryInMs / 100) / 10 : Math.round(retryInMs / 1_000);
    this.warnOnce(
      'failed',
      `Exporter \`${this.name}\` failed (${shortened(failure.message)}); retrying ${this.hasTimer ? `in ${seconds} s` : 'at the next flush'}.`,
    );
  }

  /** Records data points that the remote rejected. */
  rejected(points: number, failure: PushError): void {
    this.recorder.dropped(points);
    if (!this.isScheduled) return;
    this.warnOnce(
      'rejected',
      `Exporter \`${this.name}\` dropped ${pointsText(points)}: rejected by the remote (${shortened(failure.message)}).`,
    );
  }

  /** Records data points that the exporter dropped on its own. */
  dropped(points: number, reason: DropReason): void {
    this.recorder.dropped(points);
    this.warnOnce(
      reason,
      `Exporter \`${this.name}\` dropped ${pointsText(points)}: ${DROP_REASONS[reason]}. Further drops are only counted.`,
    );
  }

  /** Records data points that could not be sent before the shutdown timeout. */
  lostAtShutdown(points: number): void {
    this.recorder.dropped(points);
    this.logger.warn(
      `Exporter \`${this.name}\` could not send the last ${pointsText(points)} before the shutdown timeout; dropped.`,
    );
  }

  /** Records that the remote rejects everything until somebody intervenes. */
  stopped(failure: PushError): void {
    this.recorder.stopped(true);
    if (!this.isScheduled) return;
    this.logger.error(
      `Exporter \`${this.name}\` stopped: ${shortened(failure.message)}. It keeps data within the limits of its queue and retries every few minutes.`,
    );
  }

  /** Records that the remote accepts requests again. */
  resumed(): void {
    this.recorder.stopped(false);
    if (!this.isScheduled) return;
    this.logger.warn(`Exporter \`${this.name}\` resumed: the remote accepts requests again.`);
  }

  /** Records the state of the queue. */
  queued(points: number, lagMs: number): void {
    this.recorder.queued(points, lagMs);
  }

  private warnOnce(problem: Problem, message: string): void {
    if (this.logged.has(problem)) return;
    this.logged.add(problem);
    this.logger.warn(message);
  }
}

function pointsText(points: number): string {
  return `${points} data ${points === 1 ? 'point' : 'points'}`;
}

function shortened(message: string): string {
  return message.length > MAX_MESSAGE_LENGTH ? `${message.slice(0, MAX_MESSAGE_LENGTH)}…` : message;
}
