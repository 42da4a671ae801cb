import type { Clock } from '../../metrics/clock.js';
import type { ExporterMetrics } from './exporter-metrics.js';

/** A logger for the messages of an exporter; the `Logger` of Nest fits. */
export interface ExporterLogger {
  /** Logs a problem that may resolve itself; once until the next success. */
  warn(message: string): void;
  /** Logs a problem that somebody has to fix. */
  error(message: string): void;
}

/** The dependencies of an exporter. In an application the module provides them. */
export interface PushDependencies {
  /** Source of the time. @default the system clock */
  readonly clock?: Clock;
  /** Receiver of the log lines. @default process warnings */
  readonly logger?: ExporterLogger;
  /** Metrics of the exporters themselves. @default none */
  readonly metrics?: ExporterMetrics;
  /** Returns true if this worker pushes for all workers. @default always true */
  readonly isLeader?: () => boolean;
  /** Returns true if another worker takes over when this one ends. @default always false */
  readonly hasSuccessor?: () => boolean;
  /** Returns a random number from 0 up to 1, used to spread the pushes of many processes. @default Math.random */
  readonly random?: () => number;
}

/** Logs as warnings of the process, for exporters that are created without a logger. */
export const PROCESS_WARNINGS: ExporterLogger = {
  warn: (message) => process.emitWarning(message, 'MonitoringWarning'),
  error: (message) => process.emitWarning(message, 'MonitoringWarning'),
};
