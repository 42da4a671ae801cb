import { listenTo } from '../../primitives/emitter-listener.js';
import type { LogMessages, WatchedLevel } from '../log-watch.js';
import { stopAll } from '../stop-all.js';
import type { WinstonFormat, WinstonLogger, WinstonTransport } from './winston.discovery.js';

/** The key of the level in a message, which a format may not change. */
const LEVEL = Symbol.for('level');

/** The levels of winston by their names in Nest, and the other way round. */
const NEST_NAMES: Readonly<Record<string, string>> = { info: 'log', silly: 'verbose' };
const WINSTON_NAMES: Readonly<Record<string, readonly string[]>> = {
  verbose: ['silly', 'verbose', 'debug'],
  log: ['info'],
  fatal: ['fatal', 'error'],
};

/**
 * Counts the messages of a logger and its children, and applies the levels that were changed at run time. A message is
 * seen as the logger passes it to its transports, and is counted if at least one of them prints its level.
 */
export function watchWinston(logger: WinstonLogger, messages: LogMessages): WatchedLevel {
  const { guard, rules } = messages;
  const levels = new TransportLevels(logger, messages);
  levels.apply();
  const stop = stopAll([
    rules.onChange(() => guard.run(() => levels.apply())),
    listenTo<[object]>(
      logger,
      'data',
      guard,
      (info) => {
        const level = levelOf(info);
        if (level === undefined || !levels.isPrinted(info)) return;
        messages.record(NEST_NAMES[level] ?? level, contextOf(info));
      },
      { first: true },
    ),
    () => levels.restore(),
  ]);
  return { stop, level: () => NEST_NAMES[logger.level] ?? logger.level };
}

/** A transport whose level was changed. */
interface ChangedTransport {
  readonly transport: WinstonTransport;
  readonly own: {
    readonly level?: PropertyDescriptor | undefined;
    readonly format?: PropertyDescriptor | undefined;
  };
  /** Level that the transport had, its own or that of the logger. */
  readonly before: string;
  readonly changedTo: string;
  readonly filter: WinstonFormat;
}

/** The levels of the transports of a logger, which are lowered while a rule asks for more than they print. */
class TransportLevels {
  private changed: ChangedTransport[] = [];

  constructor(
    private readonly logger: WinstonLogger,
    private readonly messages: LogMessages,
  ) {}

  apply(): void {
    this.restore();
    const { lowest } = this.messages.rules;
    if (lowest === undefined) return;
    for (const transport of this.logger.transports) this.change(transport, lowest);
  }

  restore(): void {
    for (const { transport, own, changedTo, filter } of this.changed) {
      // What the application has set meanwhile stays.
      if (transport.level === changedTo) restoreProperty(transport, 'level', own.level);
      if (transport.format === filter) restoreProperty(transport, 'format', own.format);
    }
    this.changed = [];
  }

  /** Returns true if a transport prints a message. */
  isPrinted(info: object): boolean {
    return this.logger.transports.some((transport) => {
      if (transport.silent === true) return false;
      const changed = this.changed.find((each) => each.transport === transport);
      if (changed !== undefined) return this.passes(info, changed.before);
      return this.isEnabled(levelOf(info), transport.level ?? this.logger.level);
    });
  }

  private change(transport: WinstonTransport, lowest: string): void {
    const { logger } = this;
    const before = transport.level ?? logger.level;
    const name = this.nameOf(lowest);
    const isLowered = name !== undefined && !this.isEnabled(name, before);
    const changedTo = isLowered ? name : before;
    const { format } = transport;
    const filter: WinstonFormat = {
      options: format?.options,
      transform: (info, options) => {
        if (!this.passes(info, before)) return false;
        return format === undefined ? info : format.transform(info, options);
      },
    };
    const own = {
      level: Object.getOwnPropertyDescriptor(transport, 'level'),
      format: Object.getOwnPropertyDescriptor(transport, 'format'),
    };
    transport.level = changedTo;
    transport.format = filter;
    this.changed.push({ transport, own, before, changedTo, filter });
  }

  /** Returns true if the rules print a message, or, without a rule for it, the level does. */
  private passes(info: object, before: string): boolean {
    const level = levelOf(info);
    const ruled =
      level === undefined
        ? undefined
        : this.messages.rules.prints(contextOf(info), NEST_NAMES[level] ?? level);
    return ruled ?? this.isEnabled(level, before);
  }

  private isEnabled(level: string | undefined, limit: string): boolean {
    const { levels } = this.logger;
    return level !== undefined && (levels[level] ?? Infinity) <= (levels[limit] ?? Infinity);
  }

  /** Returns the name that the logger has for a level of Nest. */
  private nameOf(level: string): string | undefined {
    const { levels } = this.logger;
    return (WINSTON_NAMES[level] ?? [level]).find((name) => name in levels);
  }
}

function restoreProperty(object: object, name: string, own: PropertyDescriptor | undefined): void {
  if (own === undefined) Reflect.deleteProperty(object, name);
  else Reflect.defineProperty(object, name, own);
}

function levelOf(info: object): string | undefined {
  const level: unknown = (info as { readonly [LEVEL]?: unknown })[LEVEL];
  return typeof level === 'string' ? level : undefined;
}

function contextOf(info: object): unknown {
  return Object.getOwnPropertyDescriptor(info, 'context')?.value;
}
