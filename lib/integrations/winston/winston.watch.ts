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
    guard.run(() => raiseMaxListeners(logger)) ?? (() => undefined),
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

/** The property of an emitter that holds its limit; undefined for the limit of all emitters. */
const MAX_LISTENERS = '_maxListeners';

/** The limits of loggers that were raised: each application of the process that watches a logger raises it by one. */
const RAISED = new WeakMap<
  object,
  { readonly before: PropertyDescriptor; readonly limit: number; by: number }
>();

/**
 * Leaves the application the number of listeners that it had: each transport is one, and Node warns of more than ten.
 *
 * @returns a function that restores the limit, unless the application has changed it meanwhile
 */
function raiseMaxListeners(logger: WinstonLogger): () => void {
  const before = Object.getOwnPropertyDescriptor(logger, MAX_LISTENERS);
  const limit = logger.getMaxListeners();
  // No limit at all.
  if (before === undefined || limit === 0) return () => undefined;
  const raised = RAISED.get(logger) ?? { before, limit, by: 0 };
  RAISED.set(logger, raised);
  raised.by++;
  logger.setMaxListeners(raised.limit + raised.by);
  return () => {
    const isKept = logger.getMaxListeners() === raised.limit + raised.by;
    raised.by--;
    if (raised.by === 0) RAISED.delete(logger);
    if (!isKept) return;
    if (raised.by === 0) Object.defineProperty(logger, MAX_LISTENERS, raised.before);
    else logger.setMaxListeners(raised.limit + raised.by);
  };
}

/** The transports whose level an application has changed, which restores it: no other one changes it meanwhile. */
const CHANGED = new WeakSet<WinstonTransport>();

/** A transport whose level was changed. */
interface ChangedTransport {
  readonly transport: WinstonTransport;
  /** Its own level and format; undefined on a transport that follows its logger. */
  readonly own: Pick<WinstonTransport, 'level' | 'format'>;
  /** Level that the transport had, its own or that of the logger. */
  readonly before: string;
  /** True for the transports that print the most; a file of errors stays one. */
  readonly printsMost: boolean;
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
    const most = Math.max(
      ...this.logger.transports.map((transport) => this.numberOf(this.levelOf(transport))),
    );
    for (const transport of this.logger.transports) {
      this.change(transport, lowest, this.numberOf(this.levelOf(transport)) === most);
    }
  }

  restore(): void {
    for (const { transport, own, changedTo, filter } of this.changed) {
      CHANGED.delete(transport);
      // A level or format that the application has set meanwhile stays.
      if (transport.level === changedTo) transport.level = own.level;
      if (transport.format === filter) transport.format = own.format;
    }
    this.changed = [];
  }

  /** Returns true if a transport prints a message. */
  isPrinted(info: object): boolean {
    return this.logger.transports.some((transport) => {
      if (transport.silent === true) return false;
      const changed = this.changed.find((each) => each.transport === transport);
      if (changed !== undefined) return this.passes(info, changed);
      return this.isEnabled(levelOf(info), this.levelOf(transport));
    });
  }

  private change(transport: WinstonTransport, lowest: string, printsMost: boolean): void {
    if (CHANGED.has(transport)) return;
    const before = this.levelOf(transport);
    const name = this.nameOf(lowest);
    const isLowered = printsMost && name !== undefined && !this.isEnabled(name, before);
    const { format } = transport;
    const changed: ChangedTransport = {
      transport,
      own: {
        level: transport.level,
        format,
      },
      before,
      printsMost,
      changedTo: isLowered ? name : before,
      filter: {
        options: format?.options,
        transform: (info, options) => {
          if (!this.passes(info, changed)) return false;
          return format === undefined ? info : format.transform(info, options);
        },
      },
    };
    CHANGED.add(transport);
    transport.level = changed.changedTo;
    transport.format = changed.filter;
    this.changed.push(changed);
  }

  /** Returns true if the rules print a message on a transport, or, without a rule for it, its level does. */
  private passes(info: object, { before, printsMost }: ChangedTransport): boolean {
    const level = levelOf(info);
    const isEnabled = this.isEnabled(level, before);
    if (level === undefined) return isEnabled;
    const ruled = this.messages.rules.prints(contextOf(info), NEST_NAMES[level] ?? level);
    return printsMost ? (ruled ?? isEnabled) : ruled !== false && isEnabled;
  }

  private isEnabled(level: string | undefined, limit: string): boolean {
    return level !== undefined && this.numberOf(level) <= this.numberOf(limit);
  }

  private levelOf(transport: WinstonTransport): string {
    return transport.level ?? this.logger.level;
  }

  private numberOf(level: string): number {
    return this.logger.levels[level] ?? Infinity;
  }

  /** Returns the name that the logger has for a level of Nest. */
  private nameOf(level: string): string | undefined {
    const { levels } = this.logger;
    return (WINSTON_NAMES[level] ?? [level]).find((name) => name in levels);
  }
}

function levelOf(info: object): string | undefined {
  const level: unknown = (info as { readonly [LEVEL]?: unknown })[LEVEL];
  return typeof level === 'string' ? level : undefined;
}

function contextOf(info: object): unknown {
  return Object.getOwnPropertyDescriptor(info, 'context')?.value;
}
