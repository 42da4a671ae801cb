import { ConsoleLogger, Logger } from '@nestjs/common';
import { Guard } from '../../primitives/guard.js';
import { isObject } from '../../primitives/is-object.js';
import { patchMethod } from '../../primitives/method-patch.js';
import { processWide } from '../../primitives/process-wide.js';
import { LOG_LEVELS } from './message-level.js';
import type { LoggerLevel } from './logger-level.js';
import type { LogSink } from './log-sink.js';

/** A message that a `ConsoleLogger` is about to print, until its context is known. */
interface PendingMessage {
  readonly logger: unknown;
  readonly level: string;
  readonly isEnabled: boolean;
}

/**
 * The watch of the loggers of Nest. The applications of a process share one, as they share these classes: each counts the
 * messages of all of them.
 *
 * No function of this library is on the stack while a message is formatted and printed. `ConsoleLogger` asks for the
 * level, and then takes the context from its arguments: both have returned before. A logger of the application's own is
 * not observed: a change of its object would be seen by the application and its tests.
 */
export class NestLogs {
  private readonly sinks = new Set<LogSink>();
  private readonly guard = new Guard((error) => {
    for (const { guard } of this.sinks) guard.report(error);
  });
  private stops: (() => void)[] = [];
  private pending: PendingMessage | undefined;
  /** True while this library asks for the level of a logger. */
  private isAsking = false;

  /** Returns the watch of this process. */
  static shared(): NestLogs {
    return processWide('nestLogs', () => new NestLogs());
  }

  /** Watches for an application. Returns a function that ends it. */
  watch(sink: LogSink): () => void {
    this.sinks.add(sink);
    if (this.sinks.size === 1) this.start();
    this.pass(loggerOfApplication(), [sink]);
    return () => {
      if (this.sinks.delete(sink) && this.sinks.size === 0) this.stop();
    };
  }

  /** Returns the logger of the application, with the least important level that it prints. */
  levels(): LoggerLevel[] {
    const target = loggerOfApplication();
    if (target instanceof ConsoleLogger) {
      this.isAsking = true;
      try {
        const level = LOG_LEVELS.find((each) => target.isLevelEnabled(each));
        return [{ logger: 'nest', ...(level !== undefined && { level }) }];
      } finally {
        this.isAsking = false;
      }
    }
    return [];
  }

  private start(): void {
    const { prototype } = ConsoleLogger;
    const take = () => this.takePending();
    this.stops = [
      patchMethod(prototype, 'isLevelEnabled', this.guard, ([level], logger) => ({
        replaceResult: (isEnabled) => this.ask(logger, level, isEnabled),
      })),
      patchMethod(prototype, 'getContextAndMessagesToPrint', this.guard, (_, logger) =>
        this.print(take(), logger),
      ),
      patchMethod(prototype, 'getContextAndStackAndMessagesToPrint', this.guard, (_, logger) =>
        this.print(take(), logger),
      ),
      patchMethod(Logger, 'overrideLogger', this.guard, () => ({
        returned: () => this.pass(loggerOfApplication(), this.sinks),
      })),
    ];
  }

  private stop(): void {
    for (const stop of this.stops.splice(0)) stop();
    this.pending = undefined;
  }

  /** Notes that a logger is about to print a message, and returns the answer to its question. */
  private ask(logger: unknown, level: unknown, isEnabled: unknown): unknown {
    this.pending = undefined;
    if (this.isAsking || typeof level !== 'string' || typeof isEnabled !== 'boolean') return isEnabled;
    const isPossible = isEnabled || this.mayPrint(level);
    if (isPossible) this.pending = { logger, level, isEnabled };
    return isPossible;
  }

  private takePending(): PendingMessage | undefined {
    const { pending } = this;
    // The method for errors calls that for other messages.
    this.pending = undefined;
    return pending;
  }

  private print(pending: PendingMessage | undefined, logger: unknown) {
    if (pending === undefined || pending.logger !== logger) return undefined;
    return { replaceResult: (parts: unknown) => this.printed(pending, parts) };
  }

  private printed({ level, isEnabled }: PendingMessage, parts: unknown): unknown {
    const { context } = parts as { readonly context?: unknown };
    const isPrinted = this.prints(context, level) ?? isEnabled;
    // Without messages, nothing is printed.
    if (!isPrinted) return { messages: [], context };
    this.record(level, context);
    return parts;
  }

  private mayPrint(level: string): boolean {
    for (const { rules } of this.sinks) if (!rules.isEmpty && rules.mayPrint(level)) return true;
    return false;
  }

  private prints(context: unknown, level: string): boolean | undefined {
    for (const { rules } of this.sinks) {
      const prints = rules.isEmpty ? undefined : rules.prints(context, level);
      if (prints !== undefined) return prints;
    }
    return undefined;
  }

  private record(level: string, context: unknown): void {
    for (const sink of this.sinks) {
      try {
        sink.record(level, context);
      } catch (error) {
        sink.guard.report(error);
      }
    }
  }

  /** Passes the logger of the application on, which may be one of a library or hold one. */
  private pass(logger: unknown, sinks: Iterable<LogSink>): void {
    if (!isObject(logger) || logger instanceof ConsoleLogger) return;
    for (const sink of sinks) sink.guard.run(() => sink.found(logger));
  }
}

/** Returns the logger to which Nest passes its messages. */
function loggerOfApplication(): unknown {
  return (Logger as unknown as { readonly staticInstanceRef?: unknown }).staticInstanceRef;
}
