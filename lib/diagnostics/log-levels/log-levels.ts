import type { LogLevelRules } from '../../instrumentation/logs/log-level-rules.js';
import { isMessageLevel, LOG_LEVELS, type MessageLevel } from '../../instrumentation/logs/message-level.js';
import type { LoggerLevel } from '../../instrumentation/logs/logger-level.js';
import type { LogsInstrumentation } from '../../instrumentation/logs/logs.instrumentation.js';
import { systemClock } from '../../metrics/clock.js';
import { expectOption, MonitoringOptionsError } from '../../options/option-checks.js';
import { describeValue } from '../../options/option-descriptions.js';
import { unref } from '../../primitives/unref.js';

const DEFAULT_MS = 15 * 60_000;
const MAX_MS = 24 * 3_600_000;
const MAX_CHANGES = 50;
const MAX_CONTEXT_LENGTH = 64;

/** A change of the level of log messages for a time. */
export interface LogLevelChange {
  /** The context whose messages have the level; all contexts without a change of their own if it is missing. */
  readonly context?: string;
  /** The least important level that is printed. */
  readonly level: MessageLevel;
  /** Time until the level goes back, in milliseconds, at most 24 hours. @default 900000 */
  readonly forMs?: number;
}

/** A level of log messages that was changed. */
export interface ChangedLogLevel {
  /** The context; missing for all contexts without a change of their own. */
  readonly context?: string;
  readonly level: MessageLevel;
  /** The time at which the level goes back, in milliseconds since the Unix epoch. */
  readonly until: number;
}

/** The levels of log messages, as the dashboard shows them. */
export interface LogLevelReport {
  /** False if `logs` is false: no level can be changed. */
  readonly enabled: boolean;
  /** The levels to choose from, the least important first. */
  readonly levels: readonly MessageLevel[];
  /** The loggers that were found, and the levels that they have without any change. */
  readonly loggers: readonly LoggerLevel[];
  /** The changes in effect. */
  readonly changes: readonly ChangedLogLevel[];
  /** The contexts that have logged, in alphabetical order. */
  readonly contexts: readonly string[];
}

interface RunningChange {
  readonly change: ChangedLogLevel;
  readonly timer: NodeJS.Timeout;
}

/** The levels of log messages. Inject it to read them, and to change them for a time. */
export class LogLevels {
  private readonly running = new Map<string | undefined, RunningChange>();
  private readonly rules: LogLevelRules | undefined;
  private isStopped = false;

  /** @param logs undefined if log messages are not watched */
  constructor(
    private readonly logs?: LogsInstrumentation,
    private readonly clock: { now(): number } = systemClock,
  ) {
    this.rules = logs?.rules;
  }

  /** Returns the levels, and the changes in effect. */
  read(): LogLevelReport {
    return {
      enabled: this.rules !== undefined,
      levels: LOG_LEVELS,
      loggers: this.logs?.loggers() ?? [],
      changes: Array.from(this.running.values(), ({ change }) => change),
      contexts: this.logs?.contexts() ?? [],
    };
  }

  /**
   * Changes the level of a context, or of all contexts, for a time. A later change of the same context replaces it.
   *
   * @throws {MonitoringOptionsError} for invalid values, with more than 50 changes, if `logs` is false, or once
   * the application is closed
   */
  set(change: LogLevelChange): ChangedLogLevel {
    const { context, level, forMs = DEFAULT_MS } = change;
    expectContext(context);
    expectOption('level', level, `one of ${LOG_LEVELS.join(', ')}`, isMessageLevel(level));
    const isTime = typeof forMs === 'number' && forMs >= 1 && forMs <= MAX_MS;
    expectOption('forMs', forMs, `a number of milliseconds from 1 to ${MAX_MS}`, isTime);
    const { rules } = this;
    if (rules === undefined) throw new MonitoringOptionsError('`logs` must not be false to change levels.');
    if (this.isStopped) {
      throw new MonitoringOptionsError('The application is closed: levels can no longer be changed.');
    }
    if (!this.running.has(context) && this.running.size >= MAX_CHANGES) {
      throw new MonitoringOptionsError(
        `At most ${MAX_CHANGES} levels can be changed at once; got ${MAX_CHANGES + 1}. Reset one of them first.`,
      );
    }
    this.forget(context);
    const timer = unref(setTimeout(() => this.reset(context), forMs));
    const until = this.clock.now() + forMs;
    const changed = context === undefined ? { level, until } : { context, level, until };
    this.running.set(context, { change: changed, timer });
    rules.set(context, level);
    return changed;
  }

  /** Ends the change of a context, or that of all contexts. Returns false if there is none. */
  reset(context?: string): boolean {
    const isChanged = this.forget(context);
    if (isChanged) this.rules?.delete(context);
    return isChanged;
  }

  /** Ends all changes, and allows no further ones. */
  stop(): void {
    this.isStopped = true;
    for (const context of this.running.keys()) this.reset(context);
  }

  private forget(context: string | undefined): boolean {
    clearTimeout(this.running.get(context)?.timer);
    return this.running.delete(context);
  }
}

function expectContext(context: unknown): void {
  if (context === undefined) return;
  if (typeof context === 'string' && context !== '' && context.length <= MAX_CONTEXT_LENGTH) return;
  throw new MonitoringOptionsError(
    `\`context\` must be a string of 1 to ${MAX_CONTEXT_LENGTH} characters; got ${describeValue(context)}.`,
  );
}
