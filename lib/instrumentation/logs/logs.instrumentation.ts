import type { ApplicationObjects } from '../../integrations/application-objects.integration.js';
import {
  findPinoLoggers,
  hasOwnLevel,
  pinoLoggerOf,
  rootOf,
} from '../../integrations/pino/pino.discovery.js';
import { watchPino, watchPinoLevel } from '../../integrations/pino/pino.watch.js';
import { findWinstonLoggers, isWinstonLogger } from '../../integrations/winston/winston.discovery.js';
import { watchWinston } from '../../integrations/winston/winston.watch.js';
import type { WatchedLevel } from '../../integrations/log-watch.js';
import type { Guard } from '../../primitives/guard.js';
import type { LoggerLevel } from './logger-level.js';
import { innerLoggersOf } from './inner-loggers.js';
import type { LogLevelRules } from './log-level-rules.js';
import type { LogMessageRecorder } from './log-message.recorder.js';
import type { LogSink } from './log-sink.js';
import { NestLogs } from './nest-logs.instrumentation.js';

/** The instrumentation of the loggers of an application: those of Nest, pino and winston. */
export class LogsInstrumentation {
  private readonly sink: LogSink;
  private readonly watched = new Map<object, WatchedLogger>();
  private unwatch: (() => void) | undefined;

  constructor(
    private readonly objects: ApplicationObjects,
    private readonly recorder: LogMessageRecorder,
    readonly rules: LogLevelRules,
    guard: Guard,
    private readonly nest = NestLogs.shared(),
  ) {
    this.sink = {
      guard,
      rules,
      record: (level, context) => recorder.record(level, context),
      found: (logger) => {
        for (const inner of innerLoggersOf(logger)) this.add(inner);
      },
    };
  }

  /** Counts messages from now on. */
  start(): void {
    this.unwatch = this.nest.watch(this.sink);
    this.refresh();
  }

  /** Looks for loggers that the application has created meanwhile. */
  refresh(): void {
    const found = [...findPinoLoggers(this.objects), ...findWinstonLoggers(this.objects)];
    for (const { instance } of found) this.add(instance);
  }

  /** Returns the loggers that were found, and their levels without the changes at run time. */
  loggers(): LoggerLevel[] {
    return [...this.nest.levels(), ...Array.from(this.watched.values(), (logger) => logger.describe())];
  }

  /** Returns the contexts that have logged. */
  contexts(): string[] {
    return this.recorder.contextNames();
  }

  /** Stops to count, and restores all levels. */
  stop(): void {
    this.rules.clear();
    this.unwatch?.();
    for (const logger of this.watched.values()) this.sink.guard.run(() => logger.stop());
    this.watched.clear();
  }

  private add(logger: object): void {
    const { sink } = this;
    if (isWinstonLogger(logger)) return this.watch('winston', logger, () => watchWinston(logger, sink));
    const found = pinoLoggerOf(logger);
    if (found === undefined) return;
    const root = rootOf(found);
    this.watch('pino', root, () => watchPino(root, sink));
    if (found !== root && hasOwnLevel(found)) this.watch('pino', found, () => watchPinoLevel(found, sink));
  }

  private watch(library: LoggerLevel['logger'], logger: object, start: () => WatchedLevel): void {
    if (this.watched.has(logger)) return;
    // Noted first, so that a logger that cannot be watched is reported once.
    this.watched.set(logger, NOT_WATCHED);
    const watch = this.sink.guard.run(start);
    if (watch === undefined) return;
    this.watched.set(logger, {
      stop: () => watch.stop(),
      describe: () => {
        const level = watch.level();
        return { logger: library, ...(level !== undefined && { level }) };
      },
    });
  }
}

interface WatchedLogger {
  stop(): void;
  describe(): LoggerLevel;
}

const NOT_WATCHED: WatchedLogger = { stop: () => undefined, describe: () => ({ logger: 'other' }) };
