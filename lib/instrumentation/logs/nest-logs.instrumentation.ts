import { ConsoleLogger, Logger } from '@nestjs/common';
import { patchAccess } from '../../primitives/access-patch.js';
import { Guard } from '../../primitives/guard.js';
import { isObject } from '../../primitives/is-object.js';
import { patchMethod } from '../../primitives/method-patch.js';
import { processWide } from '../../primitives/process-wide.js';
import { LOG_LEVELS } from './log-levels.js';
import type { LoggerLevel } from './logger-level.js';
import { innerLoggersOf } from './inner-loggers.js';
import type { LogSink } from './log-sink.js';
import { OwnLogger } from './own-logger.js';

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
 * level, and then takes the context from its arguments: both have returned before. A logger of the application's own
 * is observed by the access to its methods.
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
  /** The own loggers of the application; undefined for one whose messages are seen elsewhere. */
  private readonly own = new Map<object, OwnLogger | undefined>();

  /** Returns the watch of this process. */
  static shared(): NestLogs {
    return processWide('nestLogs', () => new NestLogs());
  }

  /** Watches for an application. Returns a function that ends it. */
  watch(sink: LogSink): () => void {
    this.sinks.add(sink);
    if (this.sinks.size === 1) this.start();
    else for (const logger of this.own.keys()) sink.found(logger);
    return () => {
      if (this.sinks.delete(sink) && this.sinks.size === 0) this.stop();
    };
  }

  /** Returns the logger of the application, with the least important level that it prints. */
  levels(): LoggerLevel[] {
    const target = (Logger as unknown as LoggerStatics).staticInstanceRef;
    if (target instanceof ConsoleLogger) {
      this.isAsking = true;
      try {
        const level = LOG_LEVELS.find((each) => target.isLevelEnabled(each));
        return [{ logger: 'nest', ...(level !== undefined && { level }) }];
      } finally {
        this.isAsking = false;
      }
    }
    return isObject(target) && this.own.get(target) !== undefined ? [{ logger: 'other' }] : [];
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
      // Read first by each call of `Logger`: an earlier one may have found no method for its level.
      patchAccess(Logger, 'staticInstanceRef', this.guard, (target) => {
        this.own.get(target as object)?.expectCall(undefined);
      }),
      // Read by an instance of `Logger` just before it calls the logger of the application.
      patchAccess(Logger.prototype, 'localInstance', this.guard, (target, caller) =>
        this.reach(target, caller),
      ),
    ];
    this.guard.run(() => this.reach((Logger as unknown as LoggerStatics).staticInstanceRef));
  }

  private stop(): void {
    for (const stop of this.stops.splice(0)) stop();
    for (const logger of this.own.values()) logger?.stop();
    this.own.clear();
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

  private readonly record = (level: string, context: unknown): void => {
    for (const sink of this.sinks) {
      try {
        sink.record(level, context);
      } catch (error) {
        sink.guard.report(error);
      }
    }
  };

  /** Watches a logger of the application's own, and notes the context of the instance of `Logger` that calls it. */
  private reach(target: unknown, caller?: unknown): void {
    if (!isObject(target) || target instanceof ConsoleLogger) return;
    if (!this.own.has(target)) this.own.set(target, this.startOwn(target));
    this.own.get(target)?.expectCall((caller as { readonly context?: unknown } | undefined)?.context);
  }

  private startOwn(logger: object): OwnLogger | undefined {
    for (const sink of this.sinks) sink.guard.run(() => sink.found(logger));
    if (innerLoggersOf(logger).length > 0) return undefined;
    if (isOfNest(logger) || innerLoggersOf(logger, isOfNest).length > 0) return undefined;
    return new OwnLogger(logger, this.guard, this.record);
  }
}

/** The static property of `Logger` that holds the logger of the application. */
interface LoggerStatics {
  readonly staticInstanceRef?: unknown;
}

function isOfNest(logger: object): boolean {
  return logger instanceof ConsoleLogger || logger instanceof Logger;
}
